/// Which processes, newest first by the time they started at.
public struct ProcessQuery: Sendable, Hashable {
    public var workspace: WorkspaceID?
    /// Empty: all.
    public var statuses: Set<ProcessStatus>
    public var type: ProcessType?
    public var parent: ProcessID?
    public var run: RunID?
    /// On the start time that the process was added with, inclusive.
    public var since: Timestamp?
    /// On the start time that the process was added with, exclusive.
    public var until: Timestamp?
    /// Oldest first.
    public var ascending: Bool
    /// 1 to 1,000.
    public var limit: Int
    public var cursor: Cursor?
    /// Processes to pass over: up to 10,000, and only without a cursor.
    public var offset: Int

    public init(
        workspace: WorkspaceID? = nil, statuses: Set<ProcessStatus> = [], type: ProcessType? = nil,
        parent: ProcessID? = nil, run: RunID? = nil, since: Timestamp? = nil, until: Timestamp? = nil,
        ascending: Bool = false, limit: Int = 100, cursor: Cursor? = nil, offset: Int = 0
    ) {
        self.workspace = workspace
        self.statuses = statuses
        self.type = type
        self.parent = parent
        self.run = run
        self.since = since
        self.until = until
        self.ascending = ascending
        self.limit = limit
        self.cursor = cursor
        self.offset = offset
    }
}

extension ProcessQuery {
    /// What the rows of a store can tell. Among those of running processes, shown as interrupted where nobody holds them, are
    /// those that have failed or were cancelled by the death of their holder.
    var summaryQuery: SummaryQuery {
        SummaryQuery(
            kind: .process, dag: type.map { DAGID(unchecked: $0.rawValue) },
            states: statuses.reduce(into: []) { $0.formUnion(Self.states[$1, default: []]) }, workspace: workspace,
            labels: run.map { [ProcessRecord.runLabel: $0.rawValue] } ?? [:],
            parent: parent.map { RunID(unchecked: $0.rawValue) }, since: since, until: until, ascending: ascending,
            limit: limit, cursor: cursor, offset: offset)
    }

    private static let states: [ProcessStatus: Set<RunState>] = [
        .queued: [.queued], .running: [.running, .interrupted], .cancelling: [.running, .interrupted],
        .completed: [.success], .failed: [.failed, .interrupted], .cancelled: [.cancelled, .interrupted],
    ]

    /// Statuses that share a state.
    private static let blurred: Set<ProcessStatus> = [.running, .cancelling, .failed, .cancelled]

    /// Whether the rows tell all.
    var isExact: Bool {
        let asked = statuses.intersection(Self.blurred)
        return asked.isEmpty || asked == Self.blurred
    }

    /// What a cursor is bound to.
    var fingerprint: JSONValue {
        [summaryQuery.fingerprint, .array(statuses.map(\.rawValue).sorted().map { .string($0) })]
    }
}
