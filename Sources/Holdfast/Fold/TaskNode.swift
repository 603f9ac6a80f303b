public import BitCollections

/// A task of the run with what deciding about it needs, kept up to date event by event.
public struct TaskNode: Sendable, Hashable {
    public let id: TaskID
    /// Nil for a step of a Swift workflow and for tasks recorded as they come.
    public let definition: TaskDefinition?
    public let hook: Hook?
    /// Whether the definition has a `foreach`.
    public let isMapped: Bool
    /// Whether the task's failure counts against the run and its dependants.
    let failureCounts: Bool
    let trigger: Trigger?

    /// Indices into the nodes of the run.
    public internal(set) var upstream: [Int] = []
    public internal(set) var downstream: [Int] = []
    /// How many upstream nodes have not ended.
    public internal(set) var remainingUpstream = 0
    /// How many upstream nodes have at least one instance that ended so.
    var upstreamTally = Tally()
    /// How many upstream nodes have a failure that counts against this one.
    var upstreamFailures = 0
    /// The items of a mapped task, once they are known.
    public internal(set) var items: [JSONValue]?
    /// How many map indices tries may have been filed under, over all resumes.
    var filedIndices = 0
    /// Indices into the instances of the run; by map index.
    public internal(set) var slots: [Int] = []
    /// Offsets into `slots` of the instances that are pending.
    public internal(set) var pending: BitSet = []
    /// How many instances are pending.
    var pendingCount = 0
    /// How many instances have not ended.
    var open = 0
    /// How many instances ended how.
    var tally = Tally()
    /// Of a task without a definition: where in `slots` each instance is.
    var offsets: [InstanceID: Int] = [:]
    /// Instances of before a resume that wait for the items to be known, or for a hook's turn.
    var carried: [TaskInstance] = []

    struct Tally: Sendable, Hashable {
        var succeeded = 0
        var failed = 0
        var skipped = 0
    }

    init(id: TaskID, definition: TaskDefinition?, hook: Hook? = nil) {
        self.id = id
        self.definition = definition
        self.hook = hook
        isMapped = definition?.foreach != nil && hook == nil
        failureCounts = hook == nil && definition?.allowFailure != true
        trigger = hook == nil ? definition?.trigger : nil
    }

    /// The tries of a hook before the last resume, which goes on counting although its instance is made anew.
    public var lastTry: Int? { carried.last?.tryNumber }

    /// Whether its items still have to be worked out.
    public var needsExpansion: Bool { isMapped && items == nil }

    var hasEnded: Bool { open == 0 }

    /// Where in `slots` an instance is.
    func offset(of id: InstanceID) -> Int? {
        if definition == nil { return offsets[id] }
        if items != nil { return id.mapIndex.flatMap { slots.indices.contains($0) ? $0 : nil } }
        return id.mapIndex == nil && !slots.isEmpty ? 0 : nil
    }
}
