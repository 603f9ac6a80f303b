/// All there is to show of a run.
public struct RunDetail: Sendable {
    /// With the columns of the fold, which may be ahead of what is stored.
    public let summary: Summary
    public let fold: RunFold

    /// - Parameter summary: as stored, with its lease.
    public init(summary: Summary, fold: RunFold) {
        var summary = summary
        summary.folded = fold.summaryColumns
        summary.isPinned = fold.isPinned
        summary.metadata = fold.metadata
        self.summary = summary
        self.fold = fold
    }

    /// Tasks with an instance at work, in the order of the definition.
    public var currentTasks: [TaskID] { tasks { $0.state == .running || $0.state == .waiting } }

    /// Tasks with an instance that was tried, and is not at its first try still.
    public var executedTasks: [TaskID] {
        tasks { $0.tryNumber > 1 || $0.tryNumber == 1 && $0.state != .running && $0.state != .waiting }
    }

    /// Tasks with an instance that failed.
    public var failedTasks: [TaskID] { tasks { $0.state == .failed } }

    private func tasks(with condition: (TaskInstance) -> Bool) -> [TaskID] {
        fold.nodes.filter { $0.slots.contains { condition(fold.instances[$0]) } }.map(\.id)
    }

    /// By instance, in the order of the definition, and key; values over 1 KiB are nil.
    public var xcoms: [XComEntry] { fold.xcomEntries }

    /// By key.
    public var artifacts: [ArtifactReference] { fold.artifacts.values.sorted { $0.key < $1.key } }
}

/// An XCom with its name.
public struct XComEntry: Sendable, Hashable {
    public let run: RunID
    public let instance: InstanceID
    public let key: String
    /// Nil when it is over 1 KiB and was not asked for.
    public internal(set) var value: JSONValue?
    public let createdAt: Timestamp
    /// Bytes of its compact JSON.
    public let size: Int
    /// The event that carries it.
    public let sequence: Int64
    /// The instance that the event names.
    let source: InstanceID

    init(run: RunID, instance: InstanceID, key: String, xcom: XCom) {
        self.run = run
        self.instance = instance
        source = InstanceID(instance.task, mapIndex: xcom.mapIndex)
        self.key = key
        value = xcom.value
        createdAt = xcom.createdAt
        size = xcom.size
        sequence = xcom.sequence
    }
}
