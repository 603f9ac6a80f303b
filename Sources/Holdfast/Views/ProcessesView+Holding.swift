// Who runs a process holds it; only the holder changes its status.

extension ProcessesView {
    /// Takes a process for the worker of these views. What they write of it goes on under this lease, until the process ends
    /// or the lease is given back. It has to be renewed; when the worker dies while the process runs, it has failed.
    /// - Throws: `notFound`, `leaseHeld` when a live worker has it.
    @discardableResult
    public func claim(_ id: ProcessID) async throws(StoreError) -> Lease {
        let history = HistoryID.process(id)
        let process = try await settled(try await summary(id))
        let request = ClaimRequest(
            worker: views.worker, timeToLive: views.timeToLive, target: .histories([history]), time: views.clock.now())
        guard let lease = try await store.claim(request).first else {
            throw StoreError(.notFound, subject: history.description)
        }
        if process.summary.folded.state == .running { try await write(id, ProcessChange(), fields: [:]) }
        return lease
    }

    /// Extends the leases of the worker of these views, all at once: what it holds and is not named is given back.
    /// - Returns: which were lost, and which processes are asked to cancel.
    public func renew(_ leases: [Lease]) async throws(StoreError) -> Renewal {
        let held = leases.map { ($0.history, $0.token) }
        return try await store.renew(
            RenewRequest(
                worker: views.worker, timeToLive: views.timeToLive,
                held: Dictionary(held, uniquingKeysWith: { $1 })))
    }

    /// Gives a process back in good order: it stays as it is, and is nobody's.
    /// - Throws: `leaseHeld` when another worker has it; `notFound`.
    public func release(_ id: ProcessID) async throws(StoreError) {
        try await write(id, ProcessChange(), fields: [:], isReleasing: true)
    }

    /// Writes down how a process ended whose holder died: `failed`, or `cancelled` when that was asked for. Whoever else does
    /// so at the same time, it is written once.
    /// - Returns: whether it was written by this call.
    @discardableResult
    public func settle(_ process: ProcessSummary) async throws(StoreError) -> Bool {
        guard let lost = process.summary.abandonedLease else { return false }
        let history = process.summary.id
        let lease: Lease?
        do throws(StoreError) {
            let request = ClaimRequest(
                worker: views.worker, timeToLive: views.timeToLive, target: .histories([history]),
                states: [.interrupted], time: views.clock.now())
            lease = try await store.claim(request).first
        } catch {
            guard [.leaseHeld, .conflict, .notFound].contains(error.code) else { throw error }
            return false
        }
        guard let lease else { return false }
        let progress = ProcessProgress(try await store.summary(of: history))
        let end = progress.owner == nil ? ProcessChange() : progress.abandoned(lost)
        try await commit(process.id, end, fields: [:], token: lease.token, isReleasing: true)
        return true
    }

    /// The process, as it is once what became of it is written down.
    func settled(_ process: ProcessSummary) async throws(StoreError) -> ProcessSummary {
        guard process.isAbandoned else { return process }
        let isWritten = try await settle(process)
        let current = try await summary(process.id)
        // Who writes it down at this moment holds the process, which is no life of it.
        return isWritten || current.status.isTerminal ? current : process
    }

    /// Settles every process of a page.
    /// - Returns: the page as it is then.
    public func settled(_ page: Page<ProcessSummary>) async throws(StoreError) -> Page<ProcessSummary> {
        var page = page
        for index in page.elements.indices { page.elements[index] = try await settled(page.elements[index]) }
        return page
    }
}

// MARK: - Writing as the holder

extension ProcessesView {
    /// Somebody else may take the process up between two steps of a write; more often than this in a row, that is the answer.
    private static let attempts = 16

    /// Writes a change under the lease that these views have, or under one that is taken for it and given back by it.
    func write(
        _ id: ProcessID, _ change: ProcessChange, fields: [ProcessField: JSONValue], isReleasing: Bool = false
    ) async throws(StoreError) {
        for attempt in 1... {
            let process = try await settled(try await summary(id))
            // A fold lets it pass, as a holder may not have seen yet that the end is asked for; here it is seen.
            if change.status == .running, process.status == .cancelling {
                throw StoreError(
                    .illegalTransition, subject: "process \(id)", detail: process.status.refusal(of: .running))
            }
            // Before the claim, so that a refusal leaves no trace.
            _ = try process.summary.progress(by: change, at: views.clock.now(), token: nil)
            let (token, isNew) = try await views.own(process.summary.id)
            do throws(StoreError) {
                return try await commit(id, change, fields: fields, token: token, isReleasing: isReleasing || isNew)
            } catch {
                if error.code == .leaseLost, attempt < Self.attempts { continue }
                if isNew { try await views.release(process.summary.id, token) }
                throw error
            }
        }
    }

    private func commit(
        _ id: ProcessID, _ change: ProcessChange, fields: [ProcessField: JSONValue], token: LeaseToken,
        isReleasing: Bool
    ) async throws(StoreError) {
        let history = HistoryID.process(id)
        let now = views.clock.now()
        var change = change
        // Read under the lease: nobody else changes these columns now.
        let summary = try await store.summary(of: history)
        let before = ProcessProgress(summary)
        let isKept = !isReleasing && !(change.status ?? before.status).isTerminal
        change.isOwned = isKept
        let next = try summary.progress(by: change, at: now, token: token)
        var update = SummaryUpdate(
            history, folded: next.columns(asOf: 0, updatedAt: now), token: token,
            metadata: ProcessFields.listed(fields))
        if before.status.isTerminal, !next.status.isTerminal { update.cancelRequestedAt = .clear }
        let payloads = (fields.isEmpty ? [] : [EventPayload.processUpdated(fields)]) + [.processChanged(change)]
        _ = try await store.commitSpilling(
            Changeset(
                appends: [
                    Changeset.Append(
                        history, token: token, lastKnown: Changeset.Append.neverCommitted,
                        events: payloads.map { NewEvent(at: now, $0) })
                ],
                summaries: [.update(update)], releases: isKept ? [] : [Changeset.Release(history, token: token)]))
    }
}

extension Summary {
    /// - Throws: `illegalTransition`; `invalid` for times that were named and of which the end is before the start.
    fileprivate func progress(
        by change: ProcessChange, at time: Timestamp, token: LeaseToken?
    ) throws(StoreError) -> ProcessProgress {
        let progress = ProcessProgress(self)
        guard let next = progress.applying(change, at: time, token: token) else {
            throw StoreError(
                .illegalTransition, subject: id.description, detail: progress.status.refusal(of: change.status))
        }
        if change.startTime != nil || change.endTime != .keep {
            try ProcessRecord.checkTimes(of: ProcessID(unchecked: id.id), from: next.startTime, to: next.endTime)
        }
        return next
    }
}
