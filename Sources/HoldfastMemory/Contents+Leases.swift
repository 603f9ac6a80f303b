import Holdfast

// Who holds what. A lease is alive while it was not given back and its worker's row has not run out.

extension Contents {
    func isLive(_ lease: HeldLease, at now: Timestamp) -> Bool {
        !lease.isReleased && workers[lease.worker].map { now < $0.expiresAt } ?? false
    }

    func leaseInfo(_ lease: HeldLease, at now: Timestamp) -> LeaseInfo {
        LeaseInfo(
            worker: lease.worker, location: lease.location, token: lease.token,
            expiresAt: lease.isReleased ? nil : workers[lease.worker]?.expiresAt, isLive: isLive(lease, at: now))
    }

    /// The summary as readers see it.
    func filled(_ history: History, at now: Timestamp) -> Summary {
        var summary = history.summary
        summary.lease = history.lease.map { leaseInfo($0, at: now) }
        return summary
    }

    mutating func release(_ id: HistoryID, token: LeaseToken) {
        guard histories[id]?.lease?.token == token else { return }
        histories[id]?.lease?.isReleased = true
    }
}

// MARK: - Claiming

extension Contents {
    mutating func claim(_ request: ClaimRequest, at now: Timestamp) throws(StoreError) -> [Lease] {
        if let leases = earlierLeases(of: request) { return leases }
        let targets: [HistoryID]
        switch request.target {
        case .histories(let ids):
            for (index, id) in ids.enumerated() { try checkClaimable(id, among: ids[..<index], request, at: now) }
            targets = ids
        case .queue(let dag, let limit): targets = queued(dag: dag, limit: limit, states: request.states, at: now)
        }
        guard !targets.isEmpty else { return [] }
        let expiresAt = extendWorker(request.worker, to: now + request.timeToLive)
        return targets.map { take($0, for: request, expiresAt: expiresAt, at: now) }
    }

    /// What the same request was given, while its leases are the newest.
    private func earlierLeases(of request: ClaimRequest) -> [Lease]? {
        let leases: [Lease]
        switch request.target {
        case .histories(let ids):
            leases = ids.compactMap { earlierLease(of: $0, request) }
            guard leases.count == ids.count else { return nil }
        case .queue:
            leases = histories.keys.compactMap { earlierLease(of: $0, request) }.sorted { $0.token < $1.token }
        }
        return leases.isEmpty ? nil : leases
    }

    private func earlierLease(of id: HistoryID, _ request: ClaimRequest) -> Lease? {
        guard let lease = histories[id]?.lease, lease.claim == request.id, let worker = workers[lease.worker] else {
            return nil
        }
        return Lease(
            history: id, token: lease.token, sequence: lease.sequence, takenOverFrom: lease.takenOverFrom,
            expiresAt: worker.expiresAt)
    }

    private func checkClaimable(
        _ id: HistoryID, among earlier: ArraySlice<HistoryID>, _ request: ClaimRequest, at now: Timestamp
    ) throws(StoreError) {
        guard !earlier.contains(id) else {
            throw StoreError(.invalid, subject: id.description, detail: "claimed twice in one request")
        }
        guard let history = histories[id] else { throw StoreError(.notFound, subject: id.description) }
        if let lease = history.lease, isLive(lease, at: now), let worker = workers[lease.worker] {
            throw StoreError(
                .leaseHeld, subject: id.description,
                detail: "worker \(lease.worker) (\(lease.location)) until \(worker.expiresAt)")
        }
        let state = filled(history, at: now).visibleState
        guard request.states?.contains(state) ?? true else {
            throw StoreError(.conflict, subject: id.description, detail: "it is \(state.rawValue)")
        }
    }

    /// Oldest first.
    private func queued(dag: DAGID?, limit: Int, states: Set<RunState>?, at now: Timestamp) -> [HistoryID] {
        guard states?.contains(.queued) ?? true else { return [] }
        let oldestFirst = orders[ListingOrder(kind: .run, order: .created), default: SortedList()].elements.lazy
        let free = oldestFirst.map(\.history).filter { id in
            guard let history = histories[id], history.summary.folded.state == .queued else { return false }
            return (dag ?? history.summary.dag) == history.summary.dag
                && history.lease.map { !isLive($0, at: now) } ?? true
        }
        return Array(free.prefix(max(0, limit)))
    }

    private mutating func take(
        _ id: HistoryID, for request: ClaimRequest, expiresAt: Timestamp, at now: Timestamp
    ) -> Lease {
        let worker = request.worker
        let takenOverFrom = abandoningWorker(of: id, claimer: worker.id)
        lastToken += 1
        let token = LeaseToken(rawValue: lastToken)
        let claimed = Claimed(worker: worker.id, location: worker.location, takenOverFrom: takenOverFrom)
        let sequence = append(NewEvent(at: request.time, .claimed(claimed)), to: id, token: token)
        histories[id]?.lease = HeldLease(
            token: token, worker: worker.id, location: worker.location, sequence: sequence,
            takenOverFrom: takenOverFrom, claim: request.id)
        return Lease(
            history: id, token: token, sequence: sequence, takenOverFrom: takenOverFrom, expiresAt: expiresAt)
    }

    /// Of a history without a live lease: the worker that left it, if it did not give it back in good order.
    private func abandoningWorker(of id: HistoryID, claimer: WorkerID) -> WorkerID? {
        guard let history = histories[id] else { return nil }
        if let lease = history.lease, !lease.isReleased { return lease.worker }
        // An active run that nobody holds is shown as interrupted; the takeover is what its fold learns it from.
        return history.summary.folded.state.isActive ? history.lease?.worker ?? claimer : nil
    }

    /// Never shortens what the worker has.
    private mutating func extendWorker(_ info: WorkerInfo, to end: Timestamp) -> Timestamp {
        let expiresAt = max(end, workers[info.id]?.expiresAt ?? end)
        workers[info.id] = Worker(info: info, expiresAt: expiresAt)
        return expiresAt
    }
}

// MARK: - Renewing

extension Contents {
    mutating func renew(_ request: RenewRequest, at now: Timestamp) -> Renewal {
        let worker = request.worker
        let expiresAt = now + request.timeToLive
        workers[worker.id] = Worker(info: worker, expiresAt: expiresAt)
        var renewal = Renewal(expiresAt: expiresAt)
        var holds: [HistoryID: LeaseToken] = [:]
        for (id, history) in histories {
            guard let lease = history.lease, lease.worker == worker.id, !lease.isReleased else { continue }
            if request.held[id] == lease.token {
                holds[id] = lease.token
                if history.summary.cancelRequestedAt != nil { renewal.cancelled.insert(id) }
            } else {
                release(id, token: lease.token)
                renewal.released.insert(id)
            }
        }
        renewal.lost = Set(request.held.keys.filter { holds[$0] == nil })
        return renewal
    }
}
