/// One task in one run, and one item of it when it is mapped; it counts its tries.
public struct TaskInstance: Sendable, Hashable {
    public let id: InstanceID
    /// The index of its node.
    let node: Int
    public internal(set) var state: TaskState = .pending
    /// 0 before the first try; goes on counting over resumes.
    public internal(set) var tryNumber = 0
    /// What `tryNumber` may reach before a failure is final.
    public internal(set) var maxTries: Int
    /// The item of a `foreach`.
    public internal(set) var item: JSONValue?
    /// The map index under which its tries are filed: its logs and its idempotency key. They stay with an item that a
    /// mended `foreach` moves, and are never those of another item. Nil without `foreach`.
    public internal(set) var filedIndex: Int?
    /// The token in the environment of the last try's processes.
    public internal(set) var tryToken: String?
    /// Of the last try.
    public internal(set) var startedAt: Timestamp?
    public internal(set) var endedAt: Timestamp?
    public internal(set) var exitCode: Int?
    public internal(set) var error: String?
    /// The key under which the result was found in the cache; nil for one that was worked out.
    public internal(set) var cachedAs: Digest?
    /// When it may be tried again, while it is up for retry.
    public internal(set) var retryAt: Timestamp?
    /// Whether a person set its state; a resume leaves such a one alone.
    public internal(set) var isMarked = false
    public internal(set) var xcoms: [String: XCom] = [:]
    /// False for the placeholder of a mapped task once its items are known: such a one counts nowhere.
    var isCurrent = true

    init(id: InstanceID, node: Int, maxTries: Int, item: JSONValue? = nil) {
        self.id = id
        self.node = node
        self.maxTries = maxTries
        self.item = item
        filedIndex = id.mapIndex
    }

    /// Of the last try; nil until it ended, and where its end is before its start.
    public var duration: Duration? { Duration.between(startedAt, endedAt) }
}

/// A JSON value that a task left for later ones.
public struct XCom: Sendable, Hashable {
    /// Values over this many bytes stay in their event until they are asked for.
    public static let inlineLimit = 1024
    /// A larger value is refused.
    public static let maximumSize = 1024 * 1024

    /// Nil when it is over `inlineLimit`: read the event `sequence` for it.
    public let value: JSONValue?
    public let createdAt: Timestamp
    /// Bytes of its compact JSON.
    public let size: Int
    /// The event that carries it.
    public let sequence: Int64
    /// The map index that its event names: a mended `foreach` may have moved its instance since.
    package let mapIndex: Int?

    init(_ value: JSONValue, createdAt: Timestamp, sequence: Int64, mapIndex: Int?) {
        size = value.encoded().count
        self.value = size <= Self.inlineLimit ? value : nil
        self.createdAt = createdAt
        self.sequence = sequence
        self.mapIndex = mapIndex
    }
}
