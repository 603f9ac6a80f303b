import Holdfast

/// A summary on a page, as far as the index knows it: a history that is not open is still to be read from the base.
enum ListedSummary: Sendable {
    case complete(Summary)
    case stored(HistoryID, offset: Int64, length: Int)
}

/// What is decided of a page while the index is looked at.
struct ListedPage: Sendable {
    var elements: [ListedSummary] = []
    var nextCursor: Cursor?
    var total: Int?
}

/// Makes one page: walks over the candidates in their order and keeps those that pass every filter.
struct Listing {
    let query: SummaryQuery
    let liveness: LivenessSnapshot

    /// Where a page begins: behind a place, and how many matches it passes over.
    private func start() throws(StoreError) -> (place: (key: Int64, id: String)?, skip: Int) {
        guard let cursor = query.cursor else { return (nil, query.offset) }
        let keys = try cursor.keys(fingerprint: query.fingerprint, count: 3)
        guard let key = keys[0].intValue, let id = keys[1].stringValue, let skip = keys[2].intValue else {
            throw StoreError(.invalidCursor, subject: "cursor \(quoted(cursor.text))")
        }
        return ((key, id), Int(skip))
    }

    func page(_ index: inout Index) throws(StoreError) -> ListedPage {
        var (place, skip) = try start()
        var page = ListedPage()
        var candidates = candidates(&index, behind: place)
        var left = query.hasOwnList ? Int.max : SummaryQuery.maximumExamined
        while let here = candidates.next(index.ids, ascending: query.ascending) {
            let match = try match(here.slot, index)
            guard left > 0, match == nil || page.elements.count < query.limit else {
                page.nextCursor = place.map { query.cursor(key: $0.key, id: $0.id, skip: skip) }
                return page
            }
            left -= 1
            place = (here.key, index.ids[Int(here.slot)].id)
            guard let match else { continue }
            if skip > 0 { skip -= 1 } else { page.elements.append(match) }
        }
        return page
    }

    // MARK: - Matching

    /// Columns first: what fails them is not read.
    private func match(_ slot: Int32, _ index: Index) throws(StoreError) -> ListedSummary? {
        let (entry, id) = (index.entries[Int(slot)], index.ids[Int(slot)])
        guard query.dag.map({ index.dags[entry.dag] == $0 }) ?? true,
            query.workspace.map({ entry.workspace >= 0 && index.workspaces[entry.workspace] == $0 }) ?? true,
            query.states.isEmpty || query.states.contains(index.visibleState(of: slot, liveness)),
            query.since.map({ entry.created >= $0.milliseconds }) ?? true,
            query.until.map({ entry.created < $0.milliseconds }) ?? true,
            query.idPrefix.map({ id.id.hasPrefix($0) }) ?? true
        else { return nil }
        if let open = entry.open {
            let summary = index.filled(open, liveness)
            return query.needsSummary && !query.matches(summary) ? nil : .complete(summary)
        }
        guard query.needsSummary else {
            return .stored(id, offset: entry.baseOffset, length: Int(entry.baseLength))
        }
        let summary = try BaseHistory(try index.baseLine(of: slot), id: id).filled
        return query.matches(summary) ? .complete(summary) : nil
    }

    // MARK: - Candidates

    private func candidates(_ index: inout Index, behind place: (key: Int64, id: String)?) -> MergedLists {
        var lists: [SlotList] = []
        if query.ids != nil || query.idPrefix != nil {
            lists = [found(index)]
        } else {
            for key in query.lists(index.dags, index.workspaces) {
                index.lists[key]?.sort(index.ids)
                if let list = index.lists[key] { lists.append(list) }
            }
        }
        let ids = index.ids
        return MergedLists(lists: lists.map { part(of: $0, behind: place, ids) })
    }

    /// Those named, or whose ids begin so.
    private func found(_ index: Index) -> SlotList {
        var slots: [Int32] = []
        if let named = query.ids {
            for id in Set(named) {
                guard let id = try? HistoryID(kind: query.kind, id: id), let slot = index.slot(id) else { continue }
                slots.append(slot)
            }
        } else if let prefix = query.idPrefix {
            for (id, slot) in index.slots where id.kind == query.kind && id.id.hasPrefix(prefix) { slots.append(slot) }
        }
        var list = SlotList()
        for slot in slots {
            let entry = index.entries[Int(slot)]
            let key =
                switch query.order {
                case .created: entry.created
                case .ended: entry.ended
                case .duration: entry.duration
                }
            if key != .min { list.append(SlotPlace(key: key, slot: slot), index.ids) }
        }
        list.sort(index.ids)
        return list
    }

    /// What is left of a list behind a place, in the direction asked for, and within the times asked for.
    private func part(
        of list: SlotList, behind place: (key: Int64, id: String)?, _ ids: SlotList.IDs
    ) -> Slice<SlotList> {
        var (low, high) = (list.startIndex, list.endIndex)
        if query.order == .created {
            if let since = query.since { low = list.firstIndex { $0.key >= since.milliseconds } }
            if let until = query.until { high = list.firstIndex { $0.key >= until.milliseconds } }
        }
        if let place {
            if query.ascending {
                low = max(low, list.firstIndex { ($0.key, ids[Int($0.slot)].id) > (place.key, place.id) })
            } else {
                high = min(high, list.firstIndex { ($0.key, ids[Int($0.slot)].id) >= (place.key, place.id) })
            }
        }
        return list[low..<max(low, high)]
    }
}

/// Several ordered lists read as one. No history is in two of them.
private struct MergedLists {
    var lists: [Slice<SlotList>]

    mutating func next(_ ids: SlotList.IDs, ascending: Bool) -> SlotPlace? {
        var best: (list: Int, place: SlotPlace)?
        for (index, list) in lists.enumerated() {
            guard let place = ascending ? list.first : list.last else { continue }
            guard let current = best else {
                best = (index, place)
                continue
            }
            let isBefore = (place.key, ids[Int(place.slot)].id) < (current.place.key, ids[Int(current.place.slot)].id)
            if isBefore == ascending { best = (index, place) }
        }
        guard let best else { return nil }
        if ascending { lists[best.list].removeFirst() } else { lists[best.list].removeLast() }
        return best.place
    }
}

extension SummaryQuery {
    /// Whether columns don't tell: a label beside the one that the list is of, or the parent.
    fileprivate var needsSummary: Bool {
        parent != nil || !labels.isEmpty && !(labels.count == 1 && listsByLabel)
    }

    private var listsByLabel: Bool {
        order == .created && ids == nil && idPrefix == nil && dag == nil && states.isEmpty && workspace == nil
            && !labels.isEmpty
    }

    /// The lists that together hold every match once, the smallest that there are.
    fileprivate func lists(_ dags: Names<DAGID>, _ workspaces: Names<WorkspaceID>) -> [ListKey] {
        func key(_ filter: ListKey.Filter) -> ListKey { ListKey(kind: kind, order: order, filter: filter) }
        // What never came has no list; a number that was never given out has none either.
        let dagNumber = dag.map { dags.known($0) ?? -1 }
        if listsByLabel, let (name, value) = labels.min(by: { $0.key < $1.key }) { return [key(.label(name, value))] }
        if !states.isEmpty, dagNumber == nil || order == .created {
            return storedStates.map { state in key(dagNumber.map { .dagState($0, state) } ?? .state(state)) }
        }
        if let dagNumber { return [key(.dag(dagNumber))] }
        if let workspace, order == .created { return [key(.workspace(workspaces.known(workspace) ?? -1))] }
        return [key(.all)]
    }

    /// Where the states asked for, which are visible ones, may be stored.
    private var storedStates: Set<RunState> {
        states.contains(.interrupted) ? states.union(RunState.allCases.filter(\.isActive)) : states
    }

    /// Whether everything in the lists is a match, but for the runs of dead workers: no need to limit what is examined.
    fileprivate var hasOwnList: Bool {
        guard ids == nil else { return true }
        guard idPrefix == nil, parent == nil, labels.count < 2 else { return false }
        let filters = [dag != nil, !states.isEmpty, workspace != nil, !labels.isEmpty].count { $0 }
        let isByStateAndDAG = workspace == nil && labels.isEmpty
        switch order {
        case .created: return filters < 2 || isByStateAndDAG
        case .ended, .duration: return filters < 2 && isByStateAndDAG && since == nil && until == nil
        }
    }

    fileprivate func cursor(key: Int64, id: String, skip: Int) -> Cursor {
        Cursor(fingerprint: fingerprint, keys: [.int(key), .string(id), .int(Int64(skip))])
    }
}

extension Index {
    /// The summary as readers see it.
    func filled(_ open: OpenHistory, _ liveness: LivenessSnapshot) -> Summary {
        var summary = open.summary
        summary.lease = open.lease.map { leaseInfo($0, liveness) }
        return summary
    }
}

extension BaseHistory {
    /// The summary as readers see it: whoever had it has given it back, else it would be open.
    var filled: Summary {
        var summary = summary
        summary.lease = lease.map {
            LeaseInfo(worker: $0.worker, location: $0.location, token: $0.token, expiresAt: nil, isLive: false)
        }
        return summary
    }
}

// MARK: - Counting

extension Index {
    func counts(_ query: CountQuery, _ liveness: LivenessSnapshot) -> [Count] {
        var visible = keptCounts
        for slot in active {
            let entry = entries[Int(slot)]
            var key = CountKey(
                kind: ids[Int(slot)].kind, dag: entry.dag, workspace: entry.workspace, state: entry.state)
            visible[key, default: 0] -= 1
            key.state = visibleState(of: slot, liveness)
            visible[key, default: 0] += 1
        }
        return visible.compactMap { key, count in
            guard count > 0, key.kind == query.kind, query.states.isEmpty || query.states.contains(key.state) else {
                return nil
            }
            let (dag, workspace) = (dags[key.dag], key.workspace < 0 ? nil : workspaces[key.workspace])
            guard query.dag ?? dag == dag, query.workspace == nil || query.workspace == workspace else { return nil }
            return Count(dag: dag, workspace: workspace, state: key.state, count: count)
        }
    }
}
