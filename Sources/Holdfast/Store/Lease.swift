/// One operating-system process that executes runs, as a store knows it.
public struct WorkerInfo: Sendable, Hashable {
    public var id: WorkerID
    public var host: String
    /// Identifies one boot of one kernel: where it is equal, worker locks can be trusted. Nil: unknown.
    public var bootID: String?
    public var processID: Int32

    public init(id: WorkerID, host: String, bootID: String?, processID: Int32) {
        self.id = id
        self.host = host
        self.bootID = bootID
        self.processID = processID
    }

    /// Where it runs, for people.
    public var location: String { "\(host), process \(processID)" }
}

public struct ClaimRequest: Sendable, Hashable {
    public enum Target: Sendable, Hashable {
        /// These, all or none.
        case histories([HistoryID])
        /// Up to `limit` runs in state `queued` that no live worker holds, oldest first.
        case queue(dag: DAGID?, limit: Int)
    }

    public var id: ChangesetID
    public var worker: WorkerInfo
    /// How long the lease lasts without renewal.
    public var timeToLive: Duration
    public var target: Target
    /// Refuse with `conflict` unless the visible state is one of these; nil: any.
    public var states: Set<RunState>?
    /// The time of the `claimed` events.
    public var time: Timestamp

    public init(
        id: ChangesetID = ChangesetID(), worker: WorkerInfo, timeToLive: Duration = .seconds(30), target: Target,
        states: Set<RunState>? = nil, time: Timestamp
    ) {
        self.id = id
        self.worker = worker
        self.timeToLive = timeToLive
        self.target = target
        self.states = states
        self.time = time
    }
}

/// A worker's claim on a history.
public struct Lease: Sendable, Hashable {
    public var history: HistoryID
    public var token: LeaseToken
    /// Of the `claimed` event.
    public var sequence: Int64
    /// The dead worker that held it, if one did.
    public var takenOverFrom: WorkerID?
    /// On the store's clock.
    public var expiresAt: Timestamp

    public init(
        history: HistoryID, token: LeaseToken, sequence: Int64, takenOverFrom: WorkerID? = nil, expiresAt: Timestamp
    ) {
        self.history = history
        self.token = token
        self.sequence = sequence
        self.takenOverFrom = takenOverFrom
        self.expiresAt = expiresAt
    }
}

public struct RenewRequest: Sendable, Hashable {
    public var worker: WorkerInfo
    public var timeToLive: Duration
    /// Everything the worker thinks it holds.
    public var held: [HistoryID: LeaseToken]

    public init(worker: WorkerInfo, timeToLive: Duration = .seconds(30), held: [HistoryID: LeaseToken]) {
        self.worker = worker
        self.timeToLive = timeToLive
        self.held = held
    }
}

public struct Renewal: Sendable, Hashable {
    /// On the store's clock.
    public var expiresAt: Timestamp
    /// Named by the worker, but taken over by another or gone.
    public var lost: Set<HistoryID>
    /// Held, and asked to be cancelled.
    public var cancelled: Set<HistoryID>
    /// Held for the worker although it did not name them: now given back.
    public var released: Set<HistoryID>

    public init(
        expiresAt: Timestamp, lost: Set<HistoryID> = [], cancelled: Set<HistoryID> = [], released: Set<HistoryID> = []
    ) {
        self.expiresAt = expiresAt
        self.lost = lost
        self.cancelled = cancelled
        self.released = released
    }
}
