import Holdfast

extension Committer {
    /// - Returns: nil when the claim was accepted, and will be answered with its batch.
    func claim(_ request: ClaimRequest, _ ticket: WriteTicket) throws(StoreError) -> [Lease]? {
        let targets: [HistoryID]
        switch request.target {
        case .histories(let ids):
            if let leases = try earlierLeases(of: request, ids) { return leases }
            for (index, id) in ids.enumerated() { try checkClaimable(id, among: ids[..<index], request) }
            targets = ids
        case .queue(let dag, let limit):
            let (now, liveness) = (now, liveness)
            let found = try settled { index throws(StoreError) in
                let earlier = index.earlierLeases(of: request)
                guard earlier.isEmpty else { return (earlier, [HistoryID]()) }
                let snapshot = try liveness.snapshot(of: index, at: now)
                return (earlier, index.queued(dag: dag, limit: limit, states: request.states, snapshot))
            }
            guard found.0.isEmpty else { return found.0 }
            targets = found.1
        }
        guard !targets.isEmpty else { return [] }
        try accept(targets, request, ticket)
        return nil
    }

    private func accept(
        _ targets: [HistoryID], _ request: ClaimRequest, _ ticket: WriteTicket
    ) throws(StoreError) {
        let former = worker(request.worker.id)?.expiresAt
        let end = now + request.timeToLive
        let worker = Worker(info: request.worker, expiresAt: max(end, former ?? end))
        var granted: [(HistoryID, JournalEntry.Grant)] = []
        var leases: [Lease] = []
        for id in targets {
            let head = try head(of: id)
            let grant = JournalEntry.Grant(
                token: LeaseToken(rawValue: nextToken), takenOverFrom: abandoningWorker(of: head, request.worker.id))
            nextToken += 1
            head.sequence += 1
            head.lease = HeldLease(
                token: grant.token, worker: worker.info.id, location: worker.info.location, sequence: head.sequence,
                takenOverFrom: grant.takenOverFrom, claim: request.id)
            granted.append((id, grant))
            leases.append(
                Lease(
                    history: id, token: grant.token, sequence: head.sequence, takenOverFrom: grant.takenOverFrom,
                    expiresAt: worker.expiresAt))
        }
        workers[worker.info.id] = worker
        accept(EntryText(claiming: granted, for: request, worker: worker), request.id, ticket) { _ in .leases(leases) }
    }

    private func worker(_ id: WorkerID) -> Worker? {
        workers[id] ?? journal.withIndex { $0.workers[id] }
    }

    // MARK: - Checking

    private func checkClaimable(
        _ id: HistoryID, among earlier: ArraySlice<HistoryID>, _ request: ClaimRequest
    ) throws(StoreError) {
        guard !earlier.contains(id) else {
            throw StoreError(.invalid, subject: id.description, detail: "claimed twice in one request")
        }
        let head = try head(of: id)
        guard head.isThere else { throw StoreError(.notFound, subject: id.description) }
        let holder = try liveHolder(of: head)
        if let (lease, worker) = holder {
            throw StoreError(
                .leaseHeld, subject: id.description,
                detail: "worker \(lease.worker) (\(lease.location)) until \(worker.expiresAt)")
        }
        let state = head.state.isActive ? .interrupted : head.state
        guard request.states?.contains(state) ?? true else {
            throw StoreError(.conflict, subject: id.description, detail: "it is \(state.rawValue)")
        }
    }

    private func liveHolder(of head: Head) throws(StoreError) -> (HeldLease, Worker)? {
        guard let lease = head.lease, !lease.isReleased, let worker = worker(lease.worker),
            try !liveness.isDead(worker, at: now)
        else { return nil }
        return (lease, worker)
    }

    /// Of a history without a live lease: the worker that left it, if it did not give it back in good order.
    private func abandoningWorker(of head: Head, _ claimer: WorkerID) -> WorkerID? {
        if let lease = head.lease, !lease.isReleased { return lease.worker }
        // An active run that nobody holds is shown as interrupted; the takeover is what its fold learns it from.
        return head.state.isActive ? head.lease?.worker ?? claimer : nil
    }

    // MARK: - Repeated claims

    /// What the same request was given, while its leases are the newest.
    private func earlierLeases(of request: ClaimRequest, _ ids: [HistoryID]) throws(StoreError) -> [Lease]? {
        var leases: [Lease] = []
        for id in ids {
            let head = try head(of: id)
            guard head.isThere, let lease = head.lease, lease.claim == request.id, let worker = worker(lease.worker)
            else { return nil }
            leases.append(lease.asLease(of: id, worker))
        }
        return leases.isEmpty ? nil : leases
    }

    // MARK: - Renewing

    /// Writes the worker's row, and gives back those histories that it no longer names.
    func renew(_ request: RenewRequest, _ ticket: WriteTicket) throws(StoreError) {
        let worker = Worker(info: request.worker, expiresAt: now + request.timeToLive)
        var renewal = Renewal(expiresAt: worker.expiresAt)
        var releases: [Changeset.Release] = []
        var lost = Set(request.held.keys)
        let holdings = try settled { index throws(StoreError) in index.holdings(of: worker.info.id) }
        for held in holdings {
            if request.held[held.id] == held.token {
                lost.remove(held.id)
                if held.isCancelled { renewal.cancelled.insert(held.id) }
            } else {
                releases.append(Changeset.Release(held.id, token: held.token))
                try head(of: held.id).lease?.isReleased = true
                renewal.released.insert(held.id)
            }
        }
        renewal.lost = lost
        workers[worker.info.id] = worker
        accept(EntryText(renewing: worker, releasing: releases), ChangesetID(), ticket) { [renewal] _ in
            .renewal(renewal)
        }
    }
}

extension HeldLease {
    fileprivate func asLease(of id: HistoryID, _ worker: Worker) -> Lease {
        Lease(history: id, token: token, sequence: sequence, takenOverFrom: takenOverFrom, expiresAt: worker.expiresAt)
    }
}

extension Index {
    fileprivate struct Holding: Sendable {
        var id: HistoryID
        var token: LeaseToken
        var isCancelled: Bool
    }

    fileprivate func holdings(of worker: WorkerID) -> [Holding] {
        holdings[worker, default: []].compactMap { slot in
            guard let open = entries[Int(slot)].open, let lease = open.lease else { return nil }
            return Holding(
                id: ids[Int(slot)], token: lease.token, isCancelled: open.summary.cancelRequestedAt != nil)
        }
    }

    /// Of a claim from a queue, by token.
    fileprivate func earlierLeases(of request: ClaimRequest) -> [Lease] {
        guard let worker = workers[request.worker.id] else { return [] }
        let leases = holdings[request.worker.id, default: []].compactMap { slot -> Lease? in
            guard let lease = entries[Int(slot)].open?.lease, lease.claim == request.id else { return nil }
            return lease.asLease(of: ids[Int(slot)], worker)
        }
        return leases.sorted { $0.token < $1.token }
    }

    /// Runs that wait and that no live worker holds, oldest first.
    fileprivate mutating func queued(
        dag: DAGID?, limit: Int, states: Set<RunState>?, _ liveness: LivenessSnapshot
    ) -> [HistoryID] {
        guard states?.contains(.queued) ?? true else { return [] }
        let filter: ListKey.Filter
        if let dag {
            guard let number = dags.known(dag) else { return [] }
            filter = .dagState(number, .queued)
        } else {
            filter = .state(.queued)
        }
        let key = ListKey(kind: .run, order: .created, filter: filter)
        lists[key]?.sort(ids)
        var free: [HistoryID] = []
        for place in lists[key] ?? SlotList() {
            if free.count == limit { break }
            let isFree = holder(of: place.slot).map { liveness.dead.contains($0.worker) } ?? true
            if isFree { free.append(ids[Int(place.slot)]) }
        }
        return free
    }
}
