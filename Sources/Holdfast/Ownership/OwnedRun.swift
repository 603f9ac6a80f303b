/// A run held under a lease: its fold, and the door through which its owner's events go.
///
/// Events are staged, which folds them (an illegal one is refused there and changes nothing), and then committed together:
/// a checkpoint and the starts it made possible are one commit. After an error from `commit` the value is of no use: what the
/// store has and what was staged may differ; claim the run again.
public struct OwnedRun: Sendable {
    public let id: RunID
    public let lease: Lease
    /// The history, and what is staged.
    public private(set) var fold: RunFold
    private let store: any Store
    private let clock: any WallClock
    private var staged: [NewEvent] = []
    /// The last sequence known to be in the store.
    private var committed: Int64

    /// Claims a run and folds its history.
    /// - Parameter states: the visible states to claim it in; nil: any.
    /// - Throws: `notFound`, `conflict` for another state, `leaseHeld` when a live worker has it.
    public static func claim(
        _ id: RunID, store: any Store, worker: WorkerInfo, timeToLive: Duration = .seconds(30),
        states: Set<RunState>? = nil, clock: any WallClock = SystemWallClock()
    ) async throws(StoreError) -> OwnedRun {
        let leases = try await store.claim(
            ClaimRequest(
                worker: worker, timeToLive: timeToLive, target: .histories([.run(id)]), states: states,
                time: clock.now()))
        guard let lease = leases.first else { throw StoreError(.notFound, subject: "run \(id)") }
        return try await OwnedRun(lease, id: id, store: store, clock: clock)
    }

    /// Takes up a run that was claimed already.
    public init(
        _ lease: Lease, id: RunID, store: any Store, clock: any WallClock = SystemWallClock()
    ) async throws(StoreError) {
        self.id = id
        self.lease = lease
        self.store = store
        self.clock = clock
        fold = try await store.fold(id)
        committed = fold.sequence
    }

    /// Whether something waits for `commit`.
    public var hasStaged: Bool { !staged.isEmpty }

    /// Folds an own event that the next commit will write.
    /// - Throws: `illegalTransition`; nothing has changed then.
    public mutating func stage(_ payload: EventPayload) throws(StoreError) {
        let time = clock.now()
        try fold.apply(Event(sequence: fold.sequence + 1, time: time, token: lease.token, payload: payload))
        staged.append(NewEvent(at: time, payload))
    }

    /// Writes what is staged, and the summary with it.
    ///
    /// Requests that others made meanwhile come first in the history; they are folded before this returns.
    /// - Parameters:
    ///   - releasing: gives the lease back in the same commit.
    ///   - patience: how long to try again while the store is unavailable.
    /// - Throws: `leaseLost` when the run was taken over, and what `commitSpilling` throws.
    /// - Returns: the events as they stand in the history now.
    @discardableResult
    public mutating func commit(
        releasing: Bool = false, patience: Duration = .zero
    ) async throws(StoreError) -> [Event] {
        guard hasStaged || releasing else { return [] }
        var changeset = Changeset()
        if hasStaged {
            changeset.appends = [
                Changeset.Append(.run(id), token: lease.token, lastKnown: committed, events: staged)
            ]
            var update = SummaryUpdate(.run(id), folded: fold.summaryColumns, token: lease.token)
            if staged.contains(where: { $0.payload.isResume }) { update.cancelRequestedAt = .clear }
            changeset.summaries = [.update(update)]
        }
        if releasing { changeset.releases = [Changeset.Release(.run(id), token: lease.token)] }
        let receipt = try await store.commitRetrying(changeset, patience: patience)
        guard let written = receipt.sequences.first else { return [] }
        let events = zip(written, staged).map { sequence, event in
            Event(sequence: sequence, time: event.time, token: lease.token, payload: event.payload)
        }
        staged = []
        if written.lowerBound == committed + 1 {
            committed = written.upperBound
        } else {
            try await reload()
        }
        return events
    }

    /// Folds requests that were made since the last commit.
    /// - Precondition: nothing is staged.
    public mutating func readRequests() async throws(StoreError) {
        precondition(!hasStaged, "commit first")
        let news = try await store.events(of: .run(id), from: committed + 1)
        for event in news { try fold.apply(event) }
        committed = fold.sequence
    }

    private mutating func reload() async throws(StoreError) {
        fold = try await store.fold(id)
        committed = fold.sequence
    }
}

extension EventPayload {
    fileprivate var isResume: Bool { if case .resumed = self { true } else { false } }
}

extension Store {
    /// Creates a run: its first event and its summary, in one commit. It applies no limits, as `RunsView.create` does.
    /// - Parameter first: `created` or `restored`.
    /// - Throws: `alreadyExists`, and what `commitSpilling` throws.
    @discardableResult
    public func createRun(
        _ id: RunID, _ first: EventPayload, at time: Timestamp
    ) async throws(StoreError) -> RunFold {
        try await createRun(id, first, at: time, reading: []).fold
    }

    /// - Parameter reads: records that the receipt brings along.
    func createRun(
        _ id: RunID, _ first: EventPayload, at time: Timestamp, reading reads: [RecordName]
    ) async throws(StoreError) -> (fold: RunFold, receipt: Receipt) {
        let fold = try RunFold(id: id, events: [Event(sequence: 1, time: time, token: nil, payload: first)])
        let receipt = try await commitSpilling(
            Changeset(
                appends: [Changeset.Append(.run(id), events: [NewEvent(at: time, first)])],
                summaries: [.create(fold.initialSummary)], reads: reads))
        return (fold, receipt)
    }

    /// Makes a request on a run; needs no lease.
    /// - Throws: `notFound`.
    public func request(_ payload: EventPayload, of run: RunID, at time: Timestamp) async throws(StoreError) {
        var update = SummaryUpdate(.run(run))
        switch payload {
        case .cancelRequested: update.cancelRequestedAt = .set(time)
        case .pinned(let pinned): update.isPinned = pinned
        case .metadataChanged(let changes): update.metadata = changes
        default: break
        }
        _ = try await commitSpilling(
            Changeset(
                appends: [Changeset.Append(.run(run), events: [NewEvent(at: time, payload)])],
                summaries: [.update(update)]))
    }
}
