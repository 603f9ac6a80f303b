/// What an owner writes from outside an executor: claim, decide, commit, give back.
struct RunWriter {
    private let views: Views
    private let run: RunID
    private var fold: RunFold
    /// The lease that this write took, and has to give back.
    private var claimed: LeaseToken?

    /// Commits lose against requests, and writes of the same process, that arrive in between; more often than this in a row,
    /// the conflict is the answer.
    private static let attempts = 64

    /// Gives the events to write; none, when there is nothing to do.
    typealias Decision = (RunFold) throws(StoreError) -> [EventPayload]

    /// Writes what `decide` says. It is asked before the claim, so that a refusal leaves no trace, and again under it.
    /// - Returns: the run's state afterwards.
    @discardableResult
    static func write(_ run: RunID, _ views: Views, _ decide: Decision) async throws(StoreError) -> RunFold {
        var writer = RunWriter(views: views, run: run, fold: try await views.store.fold(run))
        for attempt in 1... {
            do throws(StoreError) {
                try await writer.attempt(decide)
                break
            } catch {
                if attempt < attempts, try await writer.mayTryAgain(after: error) { continue }
                if let claimed = writer.claimed { try await views.release(.run(run), claimed) }
                throw error
            }
        }
        return writer.fold
    }

    private mutating func mayTryAgain(after error: StoreError) async throws(StoreError) -> Bool {
        guard error.code == .leaseLost else { return error.code == .conflict }
        claimed = nil
        // Perhaps to another write of this process, after one that shared the lease gave it back.
        return try await views.store.summary(of: .run(run)).lease?.worker == views.worker.id
    }

    private mutating func attempt(_ decide: Decision) async throws(StoreError) {
        let summary = try await views.store.summary(of: .run(run))
        try await views.store.catchUp(&fold)
        if summary.lease?.isLive != true {
            guard try fold.foreseesChange(decide, worker: views.worker.id, at: views.clock.now()) else { return }
        }
        let token = try await claim()
        try await views.store.catchUp(&fold)
        guard fold.token == token else { throw StoreError(.leaseLost, subject: "run \(run)") }
        try await commit(try decide(fold), token: token)
    }

    private mutating func claim() async throws(StoreError) -> LeaseToken {
        if let claimed { return claimed }
        let (token, isNew) = try await views.own(.run(run))
        if isNew { claimed = token }
        return token
    }

    private mutating func commit(_ payloads: [EventPayload], token: LeaseToken) async throws(StoreError) {
        var next = fold
        let time = views.clock.now()
        for payload in payloads {
            try next.apply(Event(sequence: next.sequence + 1, time: time, token: token, payload: payload))
        }
        var changeset = Changeset()
        if !payloads.isEmpty {
            let events = payloads.map { NewEvent(at: time, $0) }
            changeset.appends = [
                Changeset.Append(
                    .run(run), token: token, lastKnown: fold.sequence, requiresLastKnown: true, events: events)
            ]
            var update = SummaryUpdate(.run(run), folded: next.summaryColumns, token: token)
            if payloads.contains(where: { if case .resumed = $0 { true } else { false } }) {
                update.cancelRequestedAt = .clear
            }
            changeset.summaries = [.update(update)]
        }
        if !next.state.isActive { changeset.releases = [Changeset.Release(.run(run), token: token)] }
        guard !payloads.isEmpty || !changeset.releases.isEmpty else { return }
        _ = try await views.store.commitSpilling(changeset)
        fold = next
    }
}

extension Views {
    /// The lease under which these views may write: a new one, or the live one they have.
    func own(_ history: HistoryID) async throws(StoreError) -> (token: LeaseToken, isNew: Bool) {
        while true {
            if let token = keptToken(try await store.summary(of: history)) { return (token, false) }
            do throws(StoreError) {
                let request = ClaimRequest(
                    worker: worker, timeToLive: timeToLive, target: .histories([history]), time: clock.now())
                guard let lease = try await store.claim(request).first else {
                    throw StoreError(.notFound, subject: history.description)
                }
                return (lease.token, true)
            } catch {
                // Another write of this process may hold it, or have given it back since.
                guard error.code == .leaseHeld,
                    try await !store.summary(of: history).isHeldByOthers(than: worker.id)
                else { throw error }
            }
        }
    }

    /// The token of a live lease that these views have.
    func keptToken(_ summary: Summary) -> LeaseToken? {
        guard let lease = summary.lease, lease.isLive, lease.worker == worker.id else { return nil }
        return lease.token
    }

    func release(_ history: HistoryID, _ token: LeaseToken) async throws(StoreError) {
        _ = try await store.commit(Changeset(releases: [Changeset.Release(history, token: token)]))
    }
}

extension Store {
    /// Folds what was written since.
    func catchUp(_ fold: inout RunFold) async throws(StoreError) {
        var next = fold
        try await forEachEvent(of: .run(fold.id), from: fold.sequence + 1) { event throws(StoreError) in
            try next.apply(event)
        }
        fold = next
    }
}

extension RunFold {
    /// Tries a decision on this state as a claim would find it: a run that nobody holds although it is active has been abandoned.
    /// - Returns: whether there is something to write.
    /// - Throws: what `decide` throws, and `illegalTransition`.
    func foreseesChange(
        _ decide: RunWriter.Decision, worker: WorkerID, at time: Timestamp
    ) throws(StoreError) -> Bool {
        var trial = self
        let token = LeaseToken(rawValue: (self.token?.rawValue ?? 0) + 1)
        let claimed = Claimed(worker: worker, takenOverFrom: state.isActive ? worker : nil)
        try trial.apply(Event(sequence: trial.sequence + 1, time: time, token: token, payload: .claimed(claimed)))
        let payloads = try decide(trial)
        for payload in payloads {
            try trial.apply(Event(sequence: trial.sequence + 1, time: time, token: token, payload: payload))
        }
        return !payloads.isEmpty
    }
}
