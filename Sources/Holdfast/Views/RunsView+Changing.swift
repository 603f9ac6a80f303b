// What is changed about a run from outside: its state, its tasks' states, what people note about it.

extension RunsView {
    /// What became of a wish to cancel.
    public enum Cancellation: Sendable, Hashable {
        /// A live worker holds the run, and will see the request.
        case requested
        /// Nobody held it: it is cancelled.
        case cancelled
        /// It had ended before, in this state.
        case unchanged(RunState)
    }

    /// What became of a wish to mark a task.
    public enum Marking: Sendable, Hashable {
        /// A live worker holds the run, and will see the request.
        case requested
        case marked
    }

    /// Changes the state by the event that belongs to it: to `running` a start or a resume, to `interrupted` an
    /// interruption, to a terminal state an end. The state that the run has already changes nothing.
    /// - Throws: `illegalTransition` where the transition table has none, `leaseHeld` while another worker holds the run.
    @discardableResult
    public func setState(
        _ run: RunID, to state: RunState, reason: String? = nil
    ) async throws(StoreError) -> Summary {
        try await RunWriter.write(run, views) { fold throws(StoreError) in
            guard fold.state != state else { return [] }
            return [try fold.event(leadingTo: state, reason: reason)]
        }
        return try await get(run)
    }

    /// Cancels: by a request while a live worker holds the run, else at once.
    /// - Throws: `notFound`.
    @discardableResult
    public func cancel(_ run: RunID, reason: String? = nil) async throws(StoreError) -> Cancellation {
        while true {
            let summary = try await get(run)
            if summary.folded.state.isTerminal { return .unchanged(summary.folded.state) }
            if summary.lease?.isLive == true, views.keptToken(summary) == nil {
                try await store.request(.cancelRequested(reason: reason), of: run, at: views.clock.now())
                return .requested
            }
            do throws(StoreError) {
                var earlier: RunState?
                try await RunWriter.write(run, views) { fold throws(StoreError) in
                    earlier = fold.state.isTerminal ? fold.state : nil
                    return earlier == nil ? [.finished(state: .cancelled, reason: reason)] : []
                }
                return earlier.map { .unchanged($0) } ?? .cancelled
            } catch {
                // A worker took it up in between, and will see a request.
                guard error.code == .leaseHeld else { throw error }
            }
        }
    }

    /// Sets a task instance to `success` or `skipped`, whatever its state: by a request while a live worker holds the run, else
    /// at once.
    /// - Throws: `illegalTransition` for another state, or an instance that the run's DAG does not have; `notFound`.
    @discardableResult
    public func mark(
        _ run: RunID, _ instance: InstanceID, as state: TaskState, reason: String? = nil
    ) async throws(StoreError) -> Marking {
        let decided = TaskDecided(instance: instance, state: state, reason: reason)
        while true {
            let summary = try await get(run)
            if summary.lease?.isLive == true, views.keptToken(summary) == nil {
                let now = views.clock.now()
                let fold = try await store.fold(run)
                _ = try fold.foreseesChange({ _ in [.taskMarked(decided)] }, worker: views.worker.id, at: now)
                try await store.request(.markRequested(decided), of: run, at: now)
                return .requested
            }
            do throws(StoreError) {
                try await RunWriter.write(run, views) { _ in [.taskMarked(decided)] }
                return .marked
            } catch {
                guard error.code == .leaseHeld else { throw error }
            }
        }
    }

    /// Keeps a run from being pruned, or no longer.
    /// - Throws: `notFound`.
    public func pin(_ run: RunID, _ isPinned: Bool = true) async throws(StoreError) {
        try await store.request(.pinned(isPinned), of: run, at: views.clock.now())
    }

    /// Merges key by key; null removes one.
    /// - Throws: `notFound`.
    public func setMetadata(_ run: RunID, _ changes: [String: JSONValue]) async throws(StoreError) {
        guard !changes.isEmpty else { return }
        try await store.request(.metadataChanged(changes), of: run, at: views.clock.now())
    }

    /// Removes a run with its history and logs; blobs that nothing else uses go with the next collection.
    /// - Throws: `notFound`, `leaseHeld` while another worker holds it; `unavailable` also when the run is gone, but its logs
    ///   can't be removed.
    public func delete(_ run: RunID) async throws(StoreError) {
        let (token, isNew) = try await views.own(.run(run))
        do throws(StoreError) {
            _ = try await store.commit(Changeset(deletions: [Changeset.Deletion(.run(run), token: token)]))
        } catch {
            if isNew { try await views.release(.run(run), token) }
            throw error
        }
        try views.removeLogs(of: run)
    }
}

extension RunFold {
    /// The own event that brings the run into a state.
    fileprivate func event(leadingTo next: RunState, reason: String?) throws(StoreError) -> EventPayload {
        switch next {
        case .running where state == .queued: return .started
        case .running: return .resumed(Resumed())
        case .interrupted: return .interrupted(reason: reason ?? "")
        case .success, .failed, .cancelled: return .finished(state: next, reason: reason)
        case .queued, .waiting:
            throw StoreError(
                .illegalTransition, subject: "run \(id)",
                detail: "a run that is \(state.rawValue) can't be set to \(next.rawValue)")
        }
    }
}
