import Holdfast
import HoldfastLocal

// Keeping histories in their lists, counts and holdings.

extension Index {
    func slot(_ id: HistoryID) -> Int32? { slots[id] }

    // MARK: - Coming and going

    mutating func insert(_ summary: Summary, _ open: OpenHistory?) -> Int32 {
        let entry = HistoryEntry(
            dag: dags.number(of: summary.dag), workspace: summary.workspace.map { workspaces.number(of: $0) } ?? -1,
            state: summary.folded.state, created: summary.createdAt.milliseconds,
            ended: Self.endKey(summary.folded), duration: Self.durationKey(summary.folded), open: open)
        return insert(entry, summary.id, labels: summary.labels) { $0.insert($1, $2) }
    }

    /// - Parameter enlist: puts a place into a list.
    mutating func insert(
        _ entry: HistoryEntry, _ id: HistoryID, labels: [String: String],
        _ enlist: (inout SlotList, SlotPlace, SlotList.IDs) -> Void
    ) -> Int32 {
        let slot: Int32
        if let free = freeSlots.popLast() {
            slot = free
            ids[Int(slot)] = id
            entries[Int(slot)] = entry
        } else {
            slot = Int32(ids.count)
            ids.append(id)
            entries.append(entry)
        }
        slots[id] = slot
        for (key, place) in lastingPlaces(of: slot, labels) + statePlaces(of: slot) {
            enlist(&lists[key, default: SlotList()], place, ids)
        }
        tally(slot, 1)
        return slot
    }

    /// - Parameter labels: as they were at its creation.
    mutating func remove(_ slot: Int32, labels: [String: String]) {
        for (key, place) in lastingPlaces(of: slot, labels) + statePlaces(of: slot) { lists[key]?.remove(place, ids) }
        tally(slot, -1)
        setHolder(of: slot, nil)
        slots[ids[Int(slot)]] = nil
        entries[Int(slot)].open = nil
        freeSlots.append(slot)
    }

    /// What is folded from the summary's columns follows them.
    mutating func changeSummary(_ slot: Int32, _ open: OpenHistory, _ summary: Summary) {
        open.summary = summary
        let (state, ended, duration) = (
            summary.folded.state, Self.endKey(summary.folded), Self.durationKey(summary.folded)
        )
        let entry = entries[Int(slot)]
        guard entry.state != state || entry.ended != ended || entry.duration != duration else { return }
        for (key, place) in statePlaces(of: slot) { lists[key]?.remove(place, ids) }
        tally(slot, -1)
        entries[Int(slot)].state = state
        entries[Int(slot)].ended = ended
        entries[Int(slot)].duration = duration
        for (key, place) in statePlaces(of: slot) { lists[key, default: SlotList()].insert(place, ids) }
        tally(slot, 1)
    }

    static func endKey(_ folded: Summary.Folded) -> Int64 { folded.endedAt?.milliseconds ?? .min }
    static func durationKey(_ folded: Summary.Folded) -> Int64 { folded.duration?.wholeMilliseconds ?? .min }

    private mutating func tally(_ slot: Int32, _ change: Int) {
        let entry = entries[Int(slot)]
        let key = CountKey(
            kind: ids[Int(slot)].kind, dag: entry.dag, workspace: entry.workspace, state: entry.state)
        keptCounts[key, default: 0] += change
        if entry.state.isActive, change > 0 { active.insert(slot) } else { active.remove(slot) }
    }

    // MARK: - Lists

    /// In the lists that it is in for as long as it is there.
    private func lastingPlaces(of slot: Int32, _ labels: [String: String]) -> [(ListKey, SlotPlace)] {
        let (kind, entry) = (ids[Int(slot)].kind, entries[Int(slot)])
        var filters = [ListKey.Filter.all, .dag(entry.dag)]
        if entry.workspace >= 0 { filters.append(.workspace(entry.workspace)) }
        for (name, value) in labels { filters.append(.label(name, value)) }
        let place = SlotPlace(key: entry.created, slot: slot)
        return filters.map { (ListKey(kind: kind, order: .created, filter: $0), place) }
    }

    /// In the lists that depend on its state and on when it ended.
    private func statePlaces(of slot: Int32) -> [(ListKey, SlotPlace)] {
        let (kind, entry) = (ids[Int(slot)].kind, entries[Int(slot)])
        var places: [(ListKey, SlotPlace)] = []
        for filter in [ListKey.Filter.state(entry.state), .dagState(entry.dag, entry.state)] {
            let place = SlotPlace(key: entry.created, slot: slot)
            places.append((ListKey(kind: kind, order: .created, filter: filter), place))
        }
        guard kind == .run else { return places }
        for (order, key) in [(SummaryQuery.Order.ended, entry.ended), (.duration, entry.duration)] where key != .min {
            for filter in [ListKey.Filter.all, .dag(entry.dag), .state(entry.state)] {
                places.append((ListKey(kind: kind, order: order, filter: filter), SlotPlace(key: key, slot: slot)))
            }
        }
        return places
    }

    // MARK: - Leases

    /// Who has a lease on it that was not given back.
    func holder(of slot: Int32) -> HeldLease? {
        guard let lease = entries[Int(slot)].open?.lease, !lease.isReleased else { return nil }
        return lease
    }

    /// Puts a lease in place of the newest; with nil, only forgets who holds it.
    mutating func setHolder(of slot: Int32, _ lease: HeldLease?) {
        if let former = holder(of: slot) { holdings[former.worker]?.remove(slot) }
        guard let lease else { return }
        entries[Int(slot)].open?.lease = lease
        if !lease.isReleased { holdings[lease.worker, default: []].insert(slot) }
    }

    func leaseInfo(_ lease: HeldLease, _ liveness: LivenessSnapshot) -> LeaseInfo {
        LeaseInfo(
            worker: lease.worker, location: lease.location, token: lease.token,
            expiresAt: lease.isReleased ? nil : workers[lease.worker]?.expiresAt,
            isLive: !lease.isReleased && !liveness.dead.contains(lease.worker))
    }

    /// The state as listings show it: an active run without a live worker is interrupted.
    func visibleState(of slot: Int32, _ liveness: LivenessSnapshot) -> RunState {
        let state = entries[Int(slot)].state
        guard state.isActive else { return state }
        return holder(of: slot).map { !liveness.dead.contains($0.worker) } ?? false ? state : .interrupted
    }

    // MARK: - Opening

    /// The history in memory; read from the base when it is not.
    mutating func opened(_ slot: Int32) throws(StoreError) -> OpenHistory {
        if let open = entries[Int(slot)].open { return open }
        let line = try BaseHistory(try baseLine(of: slot), id: ids[Int(slot)])
        let open = OpenHistory(summary: line.summary, lease: line.lease, blobs: line.blobs)
        entries[Int(slot)].open = open
        if let lease = line.lease, !lease.isReleased { holdings[lease.worker, default: []].insert(slot) }
        return open
    }

    /// The text of its line in the base.
    func baseLine(of slot: Int32) throws(StoreError) -> [UInt8] {
        let entry = entries[Int(slot)]
        return try mappingSystemErrors { () throws(SystemCallError) in
            try base?.read(Int(entry.baseLength), at: entry.baseOffset) ?? []
        }
    }

    /// What that line says, behind its head.
    /// - Throws: `corrupt` when the line has changed since it was written.
    func baseText(of slot: Int32) throws(StoreError) -> ArraySlice<UInt8> {
        let line = try baseLine(of: slot)
        let head = line.withUnsafeBytes { bytes in
            Result { () throws(LineProblem) in try LineHead(bytes, generation: baseGeneration) }
        }
        switch head {
        case .success(let head): return line[head.size...]
        case .failure(let problem):
            throw StoreError(
                .corrupt, subject: ids[Int(slot)].description,
                detail: "its line in base \(baseNumber): \(problem.reason)")
        }
    }
}
