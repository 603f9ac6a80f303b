import BitCollections
public import Holdfast
import Testing

/// A run under test: its fold, and the events that led to it.
struct TestRun {
    private(set) var fold = RunFold(id: RunID(unchecked: "r"))
    private(set) var events: [Event] = []
    /// Of the next event; a second passes with each.
    var now = Timestamp(milliseconds: 1_000_000)

    /// The token that own events carry; nil: the newest.
    var token: LeaseToken?

    mutating func apply(_ payload: EventPayload) throws(StoreError) {
        let token = payload.isFirst || payload.isRequest ? nil : self.token ?? fold.token
        let event = Event(sequence: fold.sequence + 1, time: now, token: token, payload: payload)
        try fold.apply(event)
        events.append(event)
        now = now + .seconds(1)
    }

    mutating func claim(takenOverFrom: String? = nil) throws(StoreError) {
        let token = LeaseToken(rawValue: (fold.token?.rawValue ?? 0) + 1)
        let claimed = Claimed(
            worker: WorkerID(unchecked: "w\(token)"), takenOverFrom: takenOverFrom.map(WorkerID.init(unchecked:)))
        let event = Event(sequence: fold.sequence + 1, time: now, token: token, payload: .claimed(claimed))
        try fold.apply(event)
        events.append(event)
        now = now + .seconds(1)
    }

    static func created(_ tasks: [TaskDefinition], hooks: [Hook: TaskDefinition] = [:]) throws(StoreError) -> TestRun {
        try created(DAGDefinition(name: "d", tasks: tasks, hooks: hooks))
    }

    static func created(
        _ definition: DAGDefinition?, params: [String: JSONValue] = [:]
    ) throws(StoreError) -> TestRun {
        var run = TestRun()
        try run.apply(
            .created(
                RunCreated(dag: "d", definition: definition, params: params, logicalDate: Timestamp(milliseconds: 0))))
        return run
    }

    static func started(_ tasks: [TaskDefinition], hooks: [Hook: TaskDefinition] = [:]) throws(StoreError) -> TestRun {
        try started(DAGDefinition(name: "d", tasks: tasks, hooks: hooks))
    }

    static func started(
        _ definition: DAGDefinition?, params: [String: JSONValue] = [:]
    ) throws(StoreError) -> TestRun {
        var run = try created(definition, params: params)
        try run.claim()
        try run.apply(.started)
        return run
    }

    // MARK: What a worker does

    mutating func start(_ id: InstanceID) throws(StoreError) {
        let tries = fold.instance(id)?.tryNumber ?? fold.node(id.task)?.lastTry ?? 0
        try apply(.taskStarted(TaskStarted(instance: id, tryNumber: tries + 1, tryToken: "t\(fold.sequence)")))
    }

    mutating func finish(
        _ id: InstanceID, _ state: TaskState = .success, retryAt: Timestamp? = nil, xcoms: [String: JSONValue] = [:],
        artifacts: [ArtifactReference] = []
    ) throws(StoreError) {
        try apply(
            .taskFinished(
                TaskFinished(
                    instance: id, tryNumber: fold.instance(id)?.tryNumber ?? 1, state: state, retryAt: retryAt,
                    xcoms: xcoms,
                    artifacts: artifacts)))
    }

    /// A start and an end.
    mutating func run(
        _ id: InstanceID, _ state: TaskState = .success, xcoms: [String: JSONValue] = [:],
        artifacts: [ArtifactReference] = []
    ) throws(StoreError) {
        try start(id)
        try finish(id, state, xcoms: xcoms, artifacts: artifacts)
    }

    mutating func decide(_ id: InstanceID, _ state: TaskState) throws(StoreError) {
        try apply(.taskDecided(TaskDecided(instance: id, state: state)))
    }

    mutating func mark(_ id: InstanceID, _ state: TaskState) throws(StoreError) {
        try apply(.taskMarked(TaskDecided(instance: id, state: state)))
    }

    mutating func expand(_ task: TaskID, _ items: [JSONValue]) throws(StoreError) {
        try apply(.taskExpanded(task: task, items: items))
    }

    /// The run fails, another worker takes it and goes on.
    mutating func failAndResume(
        by definition: DAGDefinition? = nil, params: [String: JSONValue] = [:]
    ) throws(StoreError) {
        try apply(.finished(state: .failed, reason: nil))
        try claim()
        try apply(.resumed(Resumed(definition: definition, params: params)))
    }

    mutating func crashAndResume(by definition: DAGDefinition? = nil) throws(StoreError) {
        try claim(takenOverFrom: "w0")
        try apply(.resumed(Resumed(definition: definition)))
    }

    // MARK: What became of it

    func state(_ id: InstanceID) -> TaskState? { fold.instance(id)?.state }

    /// The states of a task's instances, in order.
    func states(_ task: TaskID) -> [TaskState] { fold.node(task)?.slots.map { fold.instances[$0].state } ?? [] }

    func judgement(_ task: TaskID) -> TriggerJudgement? { fold.nodeIndex[task].flatMap(fold.judge) }

    var ready: Set<TaskID> { Set(fold.nodes.indices.filter { fold.ready.contains($0) }.map { fold.nodes[$0].id }) }
}

// Names in tests are known to be valid.
extension TaskID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(unchecked: value) }
}

extension DAGID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(unchecked: value) }
}

extension InstanceID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(TaskID(unchecked: value)) }
}

extension TaskID {
    subscript(index: Int) -> InstanceID { InstanceID(self, mapIndex: index) }
}

func task(
    _ id: TaskID, needs: [TaskID] = [], _ trigger: Trigger = .allSuccess, foreach: TaskDefinition.Foreach? = nil,
    retries: Int = 0, allowFailure: Bool = false
) -> TaskDefinition {
    TaskDefinition(
        id: id, action: .shell("true"), needs: needs, trigger: trigger, foreach: foreach, retries: retries,
        allowFailure: allowFailure)
}

func artifact(_ key: String, task: TaskID? = nil, _ content: String = "") -> ArtifactReference {
    ArtifactReference(
        key: ArtifactKey(unchecked: key), task: task, mediaType: "text/plain", digest: Digest(of: content.utf8),
        size: Int64(content.utf8.count))
}

/// Expects that an event is refused with a code, and that nothing has changed.
func expectRefusal(
    _ run: inout TestRun, _ code: StoreError.Code = .illegalTransition,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ act: (inout TestRun) throws -> Void
) {
    let before = run.fold
    let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try act(&run) }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    #expect(run.fold == before, sourceLocation: sourceLocation)
}
