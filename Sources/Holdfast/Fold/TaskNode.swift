public import BitCollections

/// A task of the run with what deciding about it needs, kept up to date event by event.
public struct TaskNode: Sendable, Hashable {
    public let id: TaskID
    /// Nil for a step of a Swift workflow and for tasks recorded as they come.
    public let definition: TaskDefinition?
    public let hook: Hook?
    /// Indices into the nodes of the run.
    public internal(set) var upstream: [Int] = []
    public internal(set) var downstream: [Int] = []
    /// How many upstream nodes have not ended.
    public internal(set) var remainingUpstream = 0
    /// The items of a mapped task, once they are known.
    public internal(set) var items: [JSONValue]?
    /// Indices into the instances of the run; by map index.
    public internal(set) var slots: [Int] = []
    /// Offsets into `slots` of the instances that are pending.
    public internal(set) var pending: BitSet = []
    /// How many instances have not ended.
    var open = 0
    var tally = Tally()
    /// Finished instances of an earlier definition, which an equal item takes over at the expansion.
    var carried: [TaskInstance] = []

    /// How the instances that have ended did.
    struct Tally: Sendable, Hashable {
        var succeeded = 0
        var failed = 0
        var skipped = 0
    }

    init(id: TaskID, definition: TaskDefinition?, hook: Hook? = nil) {
        self.id = id
        self.definition = definition
        self.hook = hook
    }

    /// The tries of a hook before the last resume, which goes on counting although its instance is made anew.
    public var lastTry: Int? { carried.last?.tryNumber }

    public var isMapped: Bool { definition?.foreach != nil }

    /// Whether its items still have to be worked out.
    public var needsExpansion: Bool { isMapped && items == nil }

    var hasEnded: Bool { open == 0 }

    /// Whether the task's failure counts against the run and its dependants.
    var failureCounts: Bool { hook == nil && definition?.allowFailure != true }
}
