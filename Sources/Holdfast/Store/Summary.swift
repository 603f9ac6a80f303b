/// What listing needs of a run, in one row: what it was created as, what its history folded to, what was asked of it.
public struct Summary: Sendable, Hashable {
    public var id: HistoryID

    // Set at creation.
    public var dag: DAGID
    public var workspace: WorkspaceID?
    public var parent: RunID?
    public var trigger: String
    public var logicalDate: Timestamp
    /// Keys of 1 to 256 bytes, values of up to 1,024: see `maximumLabelKeySize`.
    public var labels: [String: String]
    public var createdAt: Timestamp

    /// Written by the owner.
    public var folded: Folded

    // Written by requesters.
    public var isPinned: Bool
    public var metadata: [String: JSONValue]
    public var cancelRequestedAt: Timestamp?
    /// When a waiting run wants to be claimed again.
    public var wakeAt: Timestamp?

    /// The newest lease, kept after it ended; nil before the first. Filled in by the store.
    public var lease: LeaseInfo?

    public init(
        id: HistoryID, dag: DAGID, workspace: WorkspaceID? = nil, parent: RunID? = nil, trigger: String = "manual",
        logicalDate: Timestamp, labels: [String: String] = [:], createdAt: Timestamp, folded: Folded,
        isPinned: Bool = false, metadata: [String: JSONValue] = [:], cancelRequestedAt: Timestamp? = nil,
        wakeAt: Timestamp? = nil, lease: LeaseInfo? = nil
    ) {
        self.id = id
        self.dag = dag
        self.workspace = workspace
        self.parent = parent
        self.trigger = trigger
        self.logicalDate = logicalDate
        self.labels = labels
        self.createdAt = createdAt
        self.folded = folded
        self.isPinned = isPinned
        self.metadata = metadata
        self.cancelRequestedAt = cancelRequestedAt
        self.wakeAt = wakeAt
        self.lease = lease
    }

    /// What the history folded to at `asOf`; it may lag behind the history's end. A changeset that also appends to the
    /// history has `asOf` set by the store: to the sequence that its last event gets.
    public struct Folded: Sendable, Hashable {
        /// Of the last event folded. In a commit that appends to the same history, the store puts the last sequence that
        /// the append got: requests may have come in between, which change none of these columns.
        public var asOf: Int64
        public var state: RunState
        public var updatedAt: Timestamp
        public var startedAt: Timestamp?
        public var endedAt: Timestamp?
        public var failureReason: String?
        public var taskCounts: [TaskState: Int]
        public var resumeCount: Int
        public var retryCount: Int
        public var dagVersion: Digest?
        public var versionLabel: String?
        public var params: [String: JSONValue]

        public init(
            asOf: Int64, state: RunState, updatedAt: Timestamp, startedAt: Timestamp? = nil, endedAt: Timestamp? = nil,
            failureReason: String? = nil, taskCounts: [TaskState: Int] = [:], resumeCount: Int = 0, retryCount: Int = 0,
            dagVersion: Digest? = nil, versionLabel: String? = nil, params: [String: JSONValue] = [:]
        ) {
            self.asOf = asOf
            self.state = state
            self.updatedAt = updatedAt
            self.startedAt = startedAt
            self.endedAt = endedAt
            self.failureReason = failureReason
            self.taskCounts = taskCounts
            self.resumeCount = resumeCount
            self.retryCount = retryCount
            self.dagVersion = dagVersion
            self.versionLabel = versionLabel
            self.params = params
        }

        /// From the start to the end; nil until both are known, and where the end is before the start.
        public var duration: Duration? { Duration.between(startedAt, endedAt) }
    }
}

/// Who has, or last had, a history.
public struct LeaseInfo: Sendable, Hashable {
    public var worker: WorkerID
    /// Host name and process id, for people.
    public var location: String?
    public var token: LeaseToken
    /// Nil once it was given back.
    public var expiresAt: Timestamp?
    /// Whether the worker is alive and has not given it back, as the store could tell at this read.
    public var isLive: Bool

    public init(
        worker: WorkerID, location: String? = nil, token: LeaseToken, expiresAt: Timestamp? = nil, isLive: Bool
    ) {
        self.worker = worker
        self.location = location
        self.token = token
        self.expiresAt = expiresAt
        self.isLive = isLive
    }
}

/// A change of one summary. Each names its columns, so that owner and requesters never overwrite each other.
public enum SummaryChange: Sendable, Hashable {
    /// Refused with `alreadyExists` when it is there.
    case create(Summary)
    /// Refused with `notFound` when it is not there.
    case update(SummaryUpdate)

    public var id: HistoryID {
        switch self {
        case .create(let summary): summary.id
        case .update(let update): update.id
        }
    }

    package var isCreation: Bool {
        if case .create = self { true } else { false }
    }
}

public struct SummaryUpdate: Sendable, Hashable {
    public var id: HistoryID
    /// Refuse with `conflict` unless the stored state is one of these; nil: any.
    public var expectedStates: Set<RunState>?
    /// The owner's columns; needs the highest token.
    public var folded: Summary.Folded?
    public var token: LeaseToken?

    public var isPinned: Bool?
    /// Merged key by key; null removes one.
    public var metadata: [String: JSONValue]
    public var cancelRequestedAt: Change<Timestamp>
    public var wakeAt: Change<Timestamp>

    /// What happens to an optional column.
    public enum Change<Value: Sendable & Hashable>: Sendable, Hashable {
        case keep
        case set(Value)
        case clear
    }

    public init(
        _ id: HistoryID, expectedStates: Set<RunState>? = nil, folded: Summary.Folded? = nil, token: LeaseToken? = nil,
        isPinned: Bool? = nil, metadata: [String: JSONValue] = [:], cancelRequestedAt: Change<Timestamp> = .keep,
        wakeAt: Change<Timestamp> = .keep
    ) {
        self.id = id
        self.expectedStates = expectedStates
        self.folded = folded
        self.token = token
        self.isPinned = isPinned
        self.metadata = metadata
        self.cancelRequestedAt = cancelRequestedAt
        self.wakeAt = wakeAt
    }
}

extension SummaryUpdate.Change {
    /// The column's next value, from its present one.
    package func applied(to current: Value?) -> Value? {
        switch self {
        case .keep: current
        case .set(let value): value
        case .clear: nil
        }
    }
}

extension Summary {
    /// What an update makes of it; conditions and fences are the store's to check.
    package func applying(_ update: SummaryUpdate) -> Summary {
        var next = self
        if let folded = update.folded { next.folded = folded }
        if let isPinned = update.isPinned { next.isPinned = isPinned }
        next.metadata.apply(changes: update.metadata)
        next.cancelRequestedAt = update.cancelRequestedAt.applied(to: cancelRequestedAt)
        next.wakeAt = update.wakeAt.applied(to: wakeAt)
        return next
    }

    /// The state as listings show it: an active run without a live worker is interrupted.
    public var visibleState: RunState {
        folded.state.isActive && lease?.isLive != true ? .interrupted : folded.state
    }
}

extension RunFold {
    /// The owner's columns of the summary, as of the last event folded.
    public var summaryColumns: Summary.Folded {
        Summary.Folded(
            asOf: sequence, state: state, updatedAt: updatedAt, startedAt: startedAt, endedAt: endedAt,
            failureReason: failureReason, taskCounts: taskCounts, resumeCount: resumeCount, retryCount: retryCount,
            dagVersion: definitionVersion, versionLabel: definition?.label, params: params)
    }

    /// The row that a run's creation puts beside its first event.
    /// - Precondition: the first event was folded.
    public var initialSummary: Summary {
        guard let created else { preconditionFailure("run \(id) has no first event") }
        return Summary(
            id: .run(id), dag: created.dag, workspace: created.workspace, parent: created.parent,
            trigger: created.trigger, logicalDate: created.logicalDate, labels: created.labels, createdAt: createdAt,
            folded: summaryColumns, isPinned: isPinned, metadata: metadata)
    }
}
