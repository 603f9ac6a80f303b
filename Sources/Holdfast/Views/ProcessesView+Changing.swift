extension ProcessesView {
    /// Changes the named fields, and no others.
    /// - Throws: `notFound`; `illegalTransition` where the transition table has no such step; `leaseHeld` when what only its
    ///   holder may change (status, times, error) is named while another worker holds it; `invalid` for a field of the wrong
    ///   shape, and for times of which the end is before the start.
    public func update(_ id: ProcessID, _ update: ProcessUpdate) async throws(StoreError) {
        var rest = update
        if update.status == .cancelling { rest.status = nil }
        if let change = rest.change {
            try await write(id, change, fields: rest.fields)
        } else if !rest.fields.isEmpty {
            try await request(.processUpdated(rest.fields), of: id, metadata: ProcessFields.listed(rest.fields))
        } else {
            _ = try await summary(id)
        }
        guard update.status == .cancelling else { return }
        if case .unchanged(let status) = try await cancel(id) {
            throw StoreError(
                .illegalTransition, subject: "process \(id)",
                detail: "a process that is \(status.rawValue) can't be cancelled")
        }
    }

    /// What became of a wish to cancel.
    public enum Cancellation: Sendable, Hashable {
        /// It runs, and is `cancelling` until whoever runs it says how it ended.
        case requested
        /// It had not begun: it is cancelled.
        case cancelled
        /// It had ended before, with this status.
        case unchanged(ProcessStatus)
    }

    /// Cancels: by a request to whoever runs it, or at once while it is queued and nobody has it.
    /// - Throws: `notFound`.
    @discardableResult
    public func cancel(_ id: ProcessID, reason: String? = nil) async throws(StoreError) -> Cancellation {
        while true {
            let process = try await settled(try await summary(id))
            if process.status.isTerminal { return .unchanged(process.status) }
            do throws(StoreError) {
                if process.status == .queued, !process.summary.isHeldByOthers(than: views.worker.id) {
                    try await write(id, ProcessChange(status: .cancelled), fields: [:])
                    return .cancelled
                }
                guard process.summary.cancelRequestedAt == nil else { return .requested }
                try await requestCancel(of: id, reason: reason)
                return .requested
            } catch {
                // It went on in between: look again.
                guard [.leaseHeld, .conflict, .illegalTransition].contains(error.code) else { throw error }
            }
        }
    }

    private func requestCancel(of id: ProcessID, reason: String?) async throws(StoreError) {
        let now = views.clock.now()
        let history = HistoryID.process(id)
        let update = SummaryUpdate(history, expectedStates: [.queued, .running], cancelRequestedAt: .set(now))
        _ = try await store.commitSpilling(
            .requesting(.cancelRequested(reason: reason), of: history, at: now, summary: update))
    }

    /// Keeps a process from being pruned, or no longer.
    /// - Throws: `notFound`.
    public func pin(_ id: ProcessID, _ isPinned: Bool = true) async throws(StoreError) {
        let history = HistoryID.process(id)
        _ = try await store.commitSpilling(
            .requesting(
                .pinned(isPinned), of: history, at: views.clock.now(),
                summary: SummaryUpdate(history, isPinned: isPinned)))
    }

    func request(
        _ payload: EventPayload, of id: ProcessID, metadata: [String: JSONValue] = [:]
    ) async throws(StoreError) {
        let history = HistoryID.process(id)
        _ = try await store.commitSpilling(
            .requesting(
                payload, of: history, at: views.clock.now(),
                summary: metadata.isEmpty ? nil : SummaryUpdate(history, metadata: metadata)))
    }
}

extension Changeset {
    /// A request that is made for the first time: nothing is read to write it.
    static func requesting(
        _ payload: EventPayload, of id: HistoryID, at time: Timestamp, summary: SummaryUpdate? = nil
    ) -> Changeset {
        Changeset(
            appends: [Append(id, lastKnown: Append.neverCommitted, events: [NewEvent(at: time, payload)])],
            summaries: summary.map { [.update($0)] } ?? [])
    }
}

// MARK: - Removing

extension ProcessesView {
    /// Removes a process with its history.
    /// - Throws: `notFound`, `leaseHeld` while another worker holds it.
    public func remove(_ id: ProcessID) async throws(StoreError) {
        let history = HistoryID.process(id)
        _ = try await summary(id)
        let (token, isNew) = try await views.own(history)
        do throws(StoreError) {
            _ = try await store.commit(Changeset(deletions: [Changeset.Deletion(history, token: token)]))
        } catch {
            if isNew { try await views.release(history, token) }
            throw error
        }
    }

    /// How many processes go with one commit, so that others never wait for long.
    private static let batch = 100

    /// Removes all that match; limit, cursor and offset are not used. What another worker holds stays.
    /// - Returns: how many were removed.
    @discardableResult
    public func clear(_ query: ProcessQuery = ProcessQuery()) async throws(StoreError) -> Int {
        var count = 0
        var query = query
        query.limit = Self.batch
        try await forEachPage(query) { page throws(StoreError) in
            let free = page.filter { !$0.summary.isHeldByOthers(than: views.worker.id) }.map(\.summary)
            do throws(StoreError) {
                try await remove(free)
                count += free.count
            } catch {
                // Somebody took or removed one of them in between: one by one.
                guard [.leaseHeld, .leaseLost, .notFound].contains(error.code) else { throw error }
                for process in free where try await removeIfFree(process) { count += 1 }
            }
        }
        return count
    }

    private func remove(_ free: [Summary]) async throws(StoreError) {
        guard !free.isEmpty else { return }
        var tokens = free.compactMap { process in views.keptToken(process).map { (process.id, $0) } }
        let unheld = free.map(\.id).filter { id in !tokens.contains { $0.0 == id } }
        if !unheld.isEmpty {
            let request = ClaimRequest(
                worker: views.worker, timeToLive: views.timeToLive, target: .histories(unheld), time: views.clock.now())
            tokens += try await store.claim(request).map { ($0.history, $0.token) }
        }
        _ = try await store.commit(Changeset(deletions: tokens.map { Changeset.Deletion($0.0, token: $0.1) }))
    }

    private func removeIfFree(_ process: Summary) async throws(StoreError) -> Bool {
        do throws(StoreError) {
            try await remove([process])
            return true
        } catch {
            guard [.leaseHeld, .leaseLost, .notFound].contains(error.code) else { throw error }
            return false
        }
    }
}

extension Summary {
    /// Whether a live worker other than this one has it.
    func isHeldByOthers(than worker: WorkerID) -> Bool { lease?.isLive == true && lease?.worker != worker }
}
