/// Which runs or processes, in which order.
public struct SummaryQuery: Sendable, Hashable {
    public enum Order: String, Sendable, Hashable, CaseIterable {
        case created
        /// Only runs, and of them those that have ended.
        case ended
        /// Only runs, and of them those that have started and ended.
        case duration
    }

    public static let maximumLimit = 1000
    public static let maximumOffset = 10_000
    /// A page examines at most this many rows when its filters have no index of their own.
    public static let maximumExamined = 10_000

    public var kind: HistoryID.Kind
    /// Exactly these ids; those that are not there are left out.
    public var ids: [String]?
    /// Ids that begin so.
    public var idPrefix: String?
    public var dag: DAGID?
    /// Visible states; empty: all.
    public var states: Set<RunState>
    public var workspace: WorkspaceID?
    /// All of them.
    public var labels: [String: String]
    public var parent: RunID?
    /// On `created_at`, inclusive.
    public var since: Timestamp?
    /// On `created_at`, exclusive.
    public var until: Timestamp?
    public var order: Order
    /// Oldest, or shortest, first instead of last. The id breaks ties, in the same direction.
    public var ascending: Bool
    /// 1 to 1,000.
    public var limit: Int
    public var cursor: Cursor?
    /// Rows to pass over, for compatibility: up to 10,000, and only without a cursor.
    public var offset: Int

    public init(
        kind: HistoryID.Kind = .run, ids: [String]? = nil, idPrefix: String? = nil, dag: DAGID? = nil,
        states: Set<RunState> = [], workspace: WorkspaceID? = nil, labels: [String: String] = [:], parent: RunID? = nil,
        since: Timestamp? = nil, until: Timestamp? = nil, order: Order = .created, ascending: Bool = false,
        limit: Int = 100, cursor: Cursor? = nil, offset: Int = 0
    ) {
        self.kind = kind
        self.ids = ids
        self.idPrefix = idPrefix
        self.dag = dag
        self.states = states
        self.workspace = workspace
        self.labels = labels
        self.parent = parent
        self.since = since
        self.until = until
        self.order = order
        self.ascending = ascending
        self.limit = limit
        self.cursor = cursor
        self.offset = offset
    }
}

/// Events of one history.
public struct HistoryQuery: Sendable, Hashable {
    public static let maximumLimit = 10_000

    public var history: HistoryID
    /// The first sequence wanted.
    public var from: Int64
    /// Only events that changed XComs of this task.
    public var xcomTask: TaskID?
    /// 1 to 10,000.
    public var limit: Int

    public init(_ history: HistoryID, from: Int64 = 1, xcomTask: TaskID? = nil, limit: Int = 1000) {
        self.history = history
        self.from = from
        self.xcomTask = xcomTask
        self.limit = limit
    }
}

/// A place in the store-wide order of events. Opaque: only its order means something; never reused.
public struct FeedPosition: RawRepresentable, Sendable, Hashable, Comparable, CustomStringConvertible {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
    public var description: String { String(rawValue) }
    public static func < (left: FeedPosition, right: FeedPosition) -> Bool { left.rawValue < right.rawValue }
}

/// Events of the whole store.
public struct FeedQuery: Sendable, Hashable {
    public enum Start: Sendable, Hashable {
        /// With the oldest kept.
        case beginning
        /// With what is committed after this call.
        case now
        case after(FeedPosition)
    }

    public static let maximumLimit = 10_000

    public var start: Start
    /// Only requests: what an owner has to notice.
    public var requestsOnly: Bool
    /// 1 to 10,000.
    public var limit: Int
    /// How long to wait when there is nothing yet; nil: not at all.
    public var wait: Duration?

    public init(_ start: Start, requestsOnly: Bool = false, limit: Int = 1000, wait: Duration? = nil) {
        self.start = start
        self.requestsOnly = requestsOnly
        self.limit = limit
        self.wait = wait
    }
}

public struct FeedEntry: Sendable, Hashable {
    public var position: FeedPosition
    public var history: HistoryID
    /// Nil: the history was deleted.
    public var event: Event?

    public init(position: FeedPosition, history: HistoryID, event: Event?) {
        self.position = position
        self.history = history
        self.event = event
    }
}

public struct FeedPage: Sendable, Hashable {
    public var entries: [FeedEntry]
    /// Where to go on, also after an empty page.
    public var next: FeedPosition

    public init(_ entries: [FeedEntry], next: FeedPosition) {
        self.entries = entries
        self.next = next
    }
}

/// Records of one kind.
public struct RecordQuery: Sendable, Hashable {
    public enum Selection: Sendable, Hashable {
        /// By key, those that begin so; an empty prefix: all.
        case keyPrefix(String)
        /// Exactly this one.
        case key(String)
        /// By order key, from the first inclusive to the second exclusive; nil: open.
        case orderKeys(from: String?, to: String?)
    }

    public static let maximumLimit = 1000

    public var kind: String
    public var selection: Selection
    public var descending: Bool
    /// 1 to 1,000.
    public var limit: Int
    public var cursor: Cursor?

    public init(
        kind: String, _ selection: Selection = .keyPrefix(""), descending: Bool = false, limit: Int = 100,
        cursor: Cursor? = nil
    ) {
        self.kind = kind
        self.selection = selection
        self.descending = descending
        self.limit = limit
        self.cursor = cursor
    }
}

/// Which counts.
public struct CountQuery: Sendable, Hashable {
    public var kind: HistoryID.Kind
    public var dag: DAGID?
    public var workspace: WorkspaceID?
    /// Visible states; empty: all.
    public var states: Set<RunState>

    public init(
        kind: HistoryID.Kind = .run, dag: DAGID? = nil, workspace: WorkspaceID? = nil, states: Set<RunState> = []
    ) {
        self.kind = kind
        self.dag = dag
        self.workspace = workspace
        self.states = states
    }
}

/// How many runs of one DAG in one workspace are in one state; never 0.
public struct Count: Sendable, Hashable {
    public var dag: DAGID
    public var workspace: WorkspaceID?
    public var state: RunState
    public var count: Int

    public init(dag: DAGID, workspace: WorkspaceID?, state: RunState, count: Int) {
        self.dag = dag
        self.workspace = workspace
        self.state = state
        self.count = count
    }
}
