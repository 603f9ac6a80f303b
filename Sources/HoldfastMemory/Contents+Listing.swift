import Holdfast

// Summaries in their orders, and how many there are.

/// The place of a summary in an order; the id breaks ties.
struct ListingPlace: Sendable, Comparable {
    /// Milliseconds.
    var key: Int64
    var history: HistoryID

    static func < (left: ListingPlace, right: ListingPlace) -> Bool {
        (left.key, left.history) < (right.key, right.history)
    }
}

struct ListingOrder: Sendable, Hashable {
    var kind: HistoryID.Kind
    var order: SummaryQuery.Order
}

// MARK: - Keeping

extension Contents {
    mutating func insertSummary(_ history: History) {
        histories[history.summary.id] = history
        enlist(history.summary)
    }

    mutating func removeSummary(_ history: History) {
        delist(history.summary)
        histories[history.summary.id] = nil
    }

    mutating func changeSummary(_ id: HistoryID, _ change: (inout Summary) -> Void) {
        guard var summary = histories[id]?.summary else { return }
        delist(summary)
        change(&summary)
        histories[id]?.summary = summary
        enlist(summary)
    }

    private mutating func enlist(_ summary: Summary) {
        for (order, place) in places(of: summary) { orders[order, default: SortedList()].insert(place) }
        keptCounts[CountKey(of: summary), default: 0] += 1
        if summary.folded.state.isActive { active.insert(summary.id) }
    }

    private mutating func delist(_ summary: Summary) {
        for (order, place) in places(of: summary) { orders[order]?.remove(place) }
        keptCounts[CountKey(of: summary), default: 0] -= 1
        active.remove(summary.id)
    }

    private func places(of summary: Summary) -> [(ListingOrder, ListingPlace)] {
        SummaryQuery.Order.allCases.compactMap { order in
            SummaryQuery(order: order).orderKey(of: summary).map {
                (ListingOrder(kind: summary.id.kind, order: order), ListingPlace(key: $0, history: summary.id))
            }
        }
    }
}

extension CountKey {
    init(of summary: Summary) {
        self.init(
            kind: summary.id.kind, dag: summary.dag, workspace: summary.workspace, state: summary.folded.state)
    }
}

// MARK: - Listing

extension Contents {
    func summaries(_ query: SummaryQuery, at now: Timestamp) throws(StoreError) -> Page<Summary> {
        var (place, skip) = try start(of: query)
        var page = Page<Summary>([], total: total(of: query, at: now))
        let list = candidates(of: query)
        var left = query.hasOwnIndex ? Int.max : SummaryQuery.maximumExamined
        for index in list.indices(behind: place, descending: !query.ascending) {
            let here = list.elements[index]
            let summary = histories[here.history].map { filled($0, at: now) }
            let isMatch = summary.map(query.matches) ?? false
            guard left > 0, !(isMatch && page.elements.count == query.limit) else {
                page.nextCursor = place.map { query.cursor(at: $0, skip: skip) }
                return page
            }
            left -= 1
            place = here
            guard isMatch, let summary else { continue }
            if skip > 0 { skip -= 1 } else { page.elements.append(summary) }
        }
        return page
    }

    private func candidates(of query: SummaryQuery) -> SortedList<ListingPlace> {
        guard let ids = query.ids else {
            return orders[ListingOrder(kind: query.kind, order: query.order), default: SortedList()]
        }
        let places = Set(ids).compactMap { id -> ListingPlace? in
            guard let id = try? HistoryID(kind: query.kind, id: id), let history = histories[id] else { return nil }
            return query.orderKey(of: history.summary).map { ListingPlace(key: $0, history: id) }
        }
        return SortedList(places)
    }

    /// The place behind which a page begins, and how many matches it passes over.
    private func start(of query: SummaryQuery) throws(StoreError) -> (ListingPlace?, Int) {
        guard let cursor = query.cursor else { return (nil, query.offset) }
        let keys = try cursor.keys(fingerprint: query.fingerprint, count: 3)
        guard let key = keys[0].intValue, let id = keys[1].stringValue, let skip = keys[2].intValue,
            let history = try? HistoryID(kind: query.kind, id: id)
        else { throw StoreError(.invalidCursor, subject: "cursor \(quoted(cursor.text))") }
        return (ListingPlace(key: key, history: history), Int(skip))
    }

    private func total(of query: SummaryQuery, at now: Timestamp) -> Int? {
        guard query.isCountable else { return nil }
        let counts = counts(
            CountQuery(kind: query.kind, dag: query.dag, workspace: query.workspace, states: query.states), at: now)
        return counts.reduce(0) { $0 + $1.count }
    }
}

extension SummaryQuery {
    fileprivate func cursor(at place: ListingPlace, skip: Int) -> Cursor {
        Cursor(fingerprint: fingerprint, keys: [.int(place.key), .string(place.history.id), .int(Int64(skip))])
    }

    /// Whether the filters are among those that the contract names as indexed. This store has no such indexes; it keeps to
    /// the limit of examined rows where other stores have to, so that callers meet short pages here too.
    fileprivate var hasOwnIndex: Bool {
        guard ids == nil else { return true }
        guard idPrefix == nil, parent == nil, labels.count < 2 else { return false }
        let filters = [dag != nil, !states.isEmpty, workspace != nil, !labels.isEmpty].map { $0 ? 1 : 0 }
        let isByStateAndDAG = workspace == nil && labels.isEmpty
        switch order {
        case .created: return filters.reduce(0, +) < 2 || isByStateAndDAG
        case .ended, .duration: return filters.reduce(0, +) < 2 && isByStateAndDAG && since == nil && until == nil
        }
    }
}

// MARK: - Counting

extension Contents {
    func counts(_ query: CountQuery, at now: Timestamp) -> [Count] {
        var visible = keptCounts
        for history in active.compactMap({ histories[$0] }) {
            var key = CountKey(of: history.summary)
            visible[key, default: 0] -= 1
            key.state = filled(history, at: now).visibleState
            visible[key, default: 0] += 1
        }
        return visible.compactMap { key, count in
            let isAsked =
                count > 0 && key.kind == query.kind && (query.dag ?? key.dag) == key.dag
                && (query.workspace == nil || query.workspace == key.workspace)
                && (query.states.isEmpty || query.states.contains(key.state))
            return isAsked ? Count(dag: key.dag, workspace: key.workspace, state: key.state, count: count) : nil
        }
    }
}
