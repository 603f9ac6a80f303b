public import BitCollections

/// A run as its history tells it: the one place where events turn into state.
///
/// `apply` is pure and total: it takes the next event or refuses it before anything changes. Executing, recovering,
/// showing and auditing all fold the same events, so they cannot disagree.
public struct RunFold: Sendable, Hashable {
    public let id: RunID
    /// The last event folded; 0 before the first.
    public internal(set) var sequence: Int64 = 0
    public internal(set) var state: RunState = .queued
    /// What the first event said; nil before it.
    public internal(set) var created: RunCreated?
    /// The definition that is followed: the recorded one, or the one of the last resume that brought another.
    public internal(set) var definition: DAGDefinition?
    public internal(set) var definitionVersion: Digest?
    public internal(set) var params: [String: JSONValue] = [:]
    public internal(set) var createdAt = Timestamp(milliseconds: 0)
    public internal(set) var updatedAt = Timestamp(milliseconds: 0)
    public internal(set) var startedAt: Timestamp?
    public internal(set) var endedAt: Timestamp?
    public internal(set) var failureReason: String?
    public internal(set) var resumeCount = 0
    public internal(set) var retryCount = 0

    /// The highest token seen, and who got it.
    public internal(set) var token: LeaseToken?
    public internal(set) var owner: Claimed?

    // Requests.
    public internal(set) var cancelRequestedAt: Timestamp?
    public internal(set) var cancelReason: String?
    /// Marks that the owner has not carried out.
    public internal(set) var requestedMarks: [TaskDecided] = []
    public internal(set) var signals: [String: [JSONValue]] = [:]
    public internal(set) var isPinned = false
    public internal(set) var metadata: [String: JSONValue] = [:]

    // Tasks.
    public internal(set) var nodes: [TaskNode] = []
    public internal(set) var nodeIndex: [TaskID: Int] = [:]
    public internal(set) var instances: [TaskInstance] = []
    /// How many instances are in each state, by its ordinal.
    var stateCounts = StateCounts()
    /// Nodes with pending instances about which a decision can be made now.
    public internal(set) var ready: BitSet = []
    /// Instances that are running, by index.
    public internal(set) var running: BitSet = []
    /// Instances that are up for retry, soonest first.
    public internal(set) var retries = RetryQueue()
    /// Nodes, hooks aside, that have not ended.
    public internal(set) var openNodes = 0
    /// Instances whose failure fails the run.
    public internal(set) var failures = 0

    public internal(set) var artifacts: [ArtifactKey: ArtifactReference] = [:]
    /// How many artifacts each folder of a key holds.
    var artifactFolders: [ArtifactKey: Int] = [:]

    public init(id: RunID) { self.id = id }
}

extension RunFold {
    /// Takes the next event of the history.
    /// - Throws: `illegalTransition` when the event can't follow, naming what stands against it; `corrupt` when it is
    ///   out of sequence; `invalid` for a spilled payload, which has to be read from its blob first. Nothing has changed then.
    public mutating func apply(_ event: Event) throws(StoreError) {
        guard event.sequence == sequence + 1 else {
            throw StoreError(
                .corrupt, subject: "run \(id)",
                detail: "event \(event.sequence) follows event \(sequence) in its history")
        }
        guard event.payload.isFirst == (sequence == 0) else {
            throw refusal(event, "it is legal only as the first event")
        }
        try checkToken(of: event)
        try applyPayload(of: event)
        sequence = event.sequence
        updatedAt = event.time
    }

    /// Folds a whole history, or as much of it as is given.
    public init(id: RunID, events: some Sequence<Event>) throws(StoreError) {
        self.init(id: id)
        for event in events { try apply(event) }
    }

    func refusal(_ event: Event, _ reason: String) -> StoreError {
        StoreError(
            .illegalTransition, subject: "run \(id), event \(event.sequence) (\(event.payload.type))", detail: reason)
    }

    private func checkToken(of event: Event) throws(StoreError) {
        switch event.payload {
        case .claimed:
            guard let new = event.token, token.map({ $0 < new }) ?? true else {
                throw refusal(event, "its token is not higher than the last")
            }
        case .created, .restored, .spilled: break
        case let payload where payload.isRequest: break
        default:
            guard let token, event.token == token else { throw refusal(event, "its token is not the highest") }
        }
    }

    private mutating func applyPayload(of event: Event) throws(StoreError) {
        switch event.payload {
        case .created(let created):
            try check(created.definition, event)
            begin(created, at: event.time)
        case .restored(let snapshot): try restore(snapshot, event)
        case .claimed(let claimed): claim(claimed, token: event.token)
        case .started:
            guard state == .queued || state == .waiting else { throw refusal(event, "the run is \(state.rawValue)") }
            try become(.running, event)
            startedAt = startedAt ?? event.time
        case .resumed(let resumed): try resume(resumed, event)
        case .interrupted(let reason):
            try become(.interrupted, event)
            failureReason = reason.isEmpty ? nil : reason
        case .finished(let state, let reason): try finish(state, reason: reason, event)
        case .cancelRequested(let reason):
            guard !state.isTerminal, cancelRequestedAt == nil else { return }
            cancelRequestedAt = event.time
            cancelReason = reason
        case .markRequested(let mark): if !state.isTerminal, isMarkable(mark) { requestedMarks.append(mark) }
        case .signalled(let name, let value): if !state.isTerminal { signals[name, default: []].append(value) }
        case .pinned(let pinned): isPinned = pinned
        case .metadataChanged(let changes): metadata.apply(changes: changes)
        case .spilled:
            throw StoreError(
                .invalid, subject: "run \(id), event \(event.sequence)", detail: "its payload is in a blob")
        case .processAdded, .processChanged, .processUpdated, .turnAppended, .turnStreamed:
            throw refusal(event, "it belongs to a process")
        default: try applyTaskEvent(event)
        }
    }

    mutating func begin(_ created: RunCreated, at time: Timestamp) {
        self.created = created
        createdAt = time
        params = created.params
        metadata = created.metadata
        if let definition = created.definition { follow(definition) }
    }

    func check(_ definition: DAGDefinition?, _ event: Event) throws(StoreError) {
        guard let flaw = definition?.flaw else { return }
        throw StoreError(
            .invalid, subject: "run \(id), event \(event.sequence) (\(event.payload.type))", detail: flaw)
    }

    private mutating func claim(_ claimed: Claimed, token: LeaseToken?) {
        self.token = token
        owner = claimed
        if claimed.takenOverFrom != nil, state.isActive { state = .interrupted }
    }

    func checkTransition(to next: RunState, _ event: Event) throws(StoreError) {
        guard state.canBecome(next) else {
            throw refusal(event, "a run that is \(state.rawValue) can't become \(next.rawValue)")
        }
    }

    private mutating func become(_ next: RunState, _ event: Event) throws(StoreError) {
        try checkTransition(to: next, event)
        state = next
    }

    private mutating func finish(_ next: RunState, reason: String?, _ event: Event) throws(StoreError) {
        guard next.isTerminal else { throw refusal(event, "\(next.rawValue) is no end") }
        try checkTransition(to: next, event)
        if next == .success, definition != nil {
            guard failures == 0 else { throw refusal(event, "tasks of it have failed") }
            guard openNodes == 0, running.isEmpty else { throw refusal(event, "tasks of it have not ended") }
        }
        for slot in instances.indices where instances[slot].isCurrent && !instances[slot].state.isTerminal {
            setState(of: slot, to: .cancelled, at: event.time)
        }
        state = next
        endedAt = event.time
        failureReason = reason
        requestedMarks = []
    }
}

// MARK: - Reading

extension RunFold {
    /// What the run ends as when all its tasks have ended.
    public var outcome: RunState { failures > 0 ? .failed : .success }

    /// How many instances that count are in each state; never 0.
    public var taskCounts: [TaskState: Int] { stateCounts.byState }

    /// The node of a task.
    public func node(_ task: TaskID) -> TaskNode? { nodeIndex[task].map { nodes[$0] } }

    /// The instance, if it counts.
    public func instance(_ id: InstanceID) -> TaskInstance? { slot(of: id).map { instances[$0] } }

    /// All instances that count, in the order of the definition and of their map index.
    public var currentInstances: [TaskInstance] {
        nodes.flatMap { node in node.slots.map { instances[$0] } }
    }

    /// The index of an instance that counts.
    public func slot(of id: InstanceID) -> Int? {
        guard let index = nodeIndex[id.task] else { return nil }
        return nodes[index].offset(of: id).map { nodes[index].slots[$0] }
    }
}
