/// What happened. Own events are written under a lease; requests by anyone, in every state of the run.
public enum EventPayload: Sendable, Hashable {
    // The first event of a history.
    case created(RunCreated)
    /// The run begins with what an earlier one (`rerun --from`) or another system (an import) had reached.
    case restored(RunSnapshot)
    /// The record of a process begins.
    case processAdded(ProcessAdded)

    // Leases: written by the store's `claim` alone.
    case claimed(Claimed)

    // Own events: the run.
    case started
    case resumed(Resumed)
    case interrupted(reason: String)
    case finished(state: RunState, reason: String?)

    // Own events: tasks.
    case taskExpanded(task: TaskID, items: [JSONValue])
    case taskStarted(TaskStarted)
    /// The checkpoint: the one commit after a try ended.
    case taskFinished(TaskFinished)
    /// An instance reached an end without a try of its own.
    case taskDecided(TaskDecided)
    /// A person's decision, whatever the instance's state was.
    case taskMarked(TaskDecided)
    /// A step of a Swift workflow succeeded: its start, its try and its result in one event.
    case stepCompleted(StepCompleted)

    // Own events: data left outside a checkpoint.
    case xcomSet(instance: InstanceID, key: String, value: JSONValue)
    case xcomDeleted(instance: InstanceID, key: String)
    case artifactSaved(ArtifactReference)
    case artifactDeleted(ArtifactKey)

    // Own events: a process.
    case processChanged(ProcessChange)

    // Requests.
    case cancelRequested(reason: String?)
    case markRequested(TaskDecided)
    case signalled(name: String, value: JSONValue)
    case pinned(Bool)
    /// Null removes a key.
    case metadataChanged([String: JSONValue])
    /// Null removes a field.
    case processUpdated([ProcessField: JSONValue])
    case turnAppended(TurnAppended)
    case turnStreamed(TurnPiece)

    /// Stands for a payload over the inline limit.
    case spilled(Spilled)

    /// Whether anyone may append it without a lease.
    public var isRequest: Bool {
        switch self {
        case .cancelRequested, .markRequested, .signalled, .pinned, .metadataChanged: true
        case .processUpdated, .turnAppended, .turnStreamed: true
        case .spilled(let spilled): spilled.isRequest
        default: false
        }
    }

    /// The types of those, and of no others.
    package static let requestTypes: Set<String> = [
        "cancel_requested", "mark_requested", "signal", "pinned", "metadata", "process_updated", "turn", "turn_piece",
    ]

    /// Whether it may only be the first event of a history, and must be.
    public var isFirst: Bool {
        switch self {
        case .created, .restored, .processAdded: true
        case .spilled(let spilled): spilled.isFirst
        default: false
        }
    }

    /// The types of those, and of no others.
    package static let firstTypes: Set<String> = [
        "created", "imported", "copied", "process_added", "process_imported",
    ]

    /// The task that this event left XComs for: what the index behind `xcom RUN TASK` is made of.
    public var xcomTask: TaskID? {
        switch self {
        case .taskFinished(let finished): finished.xcoms.isEmpty ? nil : finished.instance.task
        case .stepCompleted(let step): step.task
        case .xcomSet(let instance, _, _), .xcomDeleted(let instance, _): instance.task
        case .spilled(let spilled): spilled.xcomTask
        default: nil
        }
    }
}

/// How a run came to be, with everything its history needs to fold alone.
public struct RunCreated: Sendable, Hashable {
    /// Of a run that another system recorded.
    package static let importTrigger = "import"

    public var dag: DAGID
    /// The definition of a pipeline run; nil for a Swift workflow or a run whose tasks are recorded as they come.
    public var definition: DAGDefinition?
    /// Every parameter with its value; a Swift workflow's input is the parameter `input`.
    public var params: [String: JSONValue]
    public var labels: [String: String]
    /// What started it: `manual`, `rerun`, `schedule`, `backfill`, `api`, `import`, ….
    public var trigger: String
    public var logicalDate: Timestamp
    public var workspace: WorkspaceID?
    public var parent: RunID?
    /// Absolute; nil for Swift workflows.
    public var workingDirectory: String?
    public var metadata: [String: JSONValue]

    public init(
        dag: DAGID, definition: DAGDefinition? = nil, params: [String: JSONValue] = [:], labels: [String: String] = [:],
        trigger: String = "manual", logicalDate: Timestamp, workspace: WorkspaceID? = nil, parent: RunID? = nil,
        workingDirectory: String? = nil, metadata: [String: JSONValue] = [:]
    ) {
        self.dag = dag
        self.definition = definition
        self.params = params
        self.labels = labels
        self.trigger = trigger
        self.logicalDate = logicalDate
        self.workspace = workspace
        self.parent = parent
        self.workingDirectory = workingDirectory
        self.metadata = metadata
    }
}

/// A creation together with the state that was taken over from elsewhere.
public struct RunSnapshot: Sendable, Hashable {
    public enum Origin: String, Sendable, Hashable, Codable { case imported, copied }

    public struct Instance: Sendable, Hashable {
        public var id: InstanceID
        public var state: TaskState
        public var tryNumber: Int
        /// Nil for what its definition allows.
        public var maxTries: Int?
        public var exitCode: Int?
        public var startedAt: Timestamp?
        public var endedAt: Timestamp?
        public var error: String?

        public init(
            _ id: InstanceID, state: TaskState, tryNumber: Int = 0, maxTries: Int? = nil, exitCode: Int? = nil,
            startedAt: Timestamp? = nil, endedAt: Timestamp? = nil, error: String? = nil
        ) {
            self.id = id
            self.state = state
            self.tryNumber = tryNumber
            self.maxTries = maxTries
            self.exitCode = exitCode
            self.startedAt = startedAt
            self.endedAt = endedAt
            self.error = error
        }
    }

    public struct XCom: Sendable, Hashable {
        public var instance: InstanceID
        public var key: String
        public var value: JSONValue
        public var createdAt: Timestamp

        public init(instance: InstanceID, key: String, value: JSONValue, createdAt: Timestamp) {
            self.instance = instance
            self.key = key
            self.value = value
            self.createdAt = createdAt
        }
    }

    public var origin: Origin
    public var created: RunCreated
    public var state: RunState
    public var startedAt: Timestamp?
    public var endedAt: Timestamp?
    public var failureReason: String?
    /// How often instances had been tried again.
    public var retryCount: Int
    /// The items of each expanded task.
    public var items: [TaskID: [JSONValue]]
    public var instances: [Instance]
    public var xcoms: [XCom]
    public var artifacts: [ArtifactReference]

    public init(
        origin: Origin, created: RunCreated, state: RunState = .queued, startedAt: Timestamp? = nil,
        endedAt: Timestamp? = nil, failureReason: String? = nil, retryCount: Int = 0,
        items: [TaskID: [JSONValue]] = [:], instances: [Instance] = [], xcoms: [XCom] = [],
        artifacts: [ArtifactReference] = []
    ) {
        self.origin = origin
        self.created = created
        self.state = state
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.failureReason = failureReason
        self.retryCount = retryCount
        self.items = items
        self.instances = instances
        self.xcoms = xcoms
        self.artifacts = artifacts
    }
}

/// A worker took the history: it got the token that this event carries.
public struct Claimed: Sendable, Hashable {
    public var worker: WorkerID
    /// Where it runs, for people: host name and process id.
    public var location: String?
    /// The dead worker it was taken over from; nil when nobody held it.
    public var takenOverFrom: WorkerID?

    public init(worker: WorkerID, location: String? = nil, takenOverFrom: WorkerID? = nil) {
        self.worker = worker
        self.location = location
        self.takenOverFrom = takenOverFrom
    }
}

/// A run goes on. The fold resets what failed, what was cancelled and what was in flight.
public struct Resumed: Sendable, Hashable {
    /// The mended definition, when another than the recorded one is to be followed from here on.
    public var definition: DAGDefinition?
    /// The changed parameters.
    public var params: [String: JSONValue]
    /// The instances whose tries were in flight when the last worker ended; they run again under the same idempotency key.
    public var inFlight: [InstanceID]

    public init(
        definition: DAGDefinition? = nil, params: [String: JSONValue] = [:], inFlight: [InstanceID] = []
    ) {
        self.definition = definition
        self.params = params
        self.inFlight = inFlight
    }
}

public struct TaskStarted: Sendable, Hashable {
    public var instance: InstanceID
    /// 1 for the first try.
    public var tryNumber: Int
    /// Random; in the environment of every process of this try, by which they are found.
    public var tryToken: String

    public init(instance: InstanceID, tryNumber: Int, tryToken: String) {
        self.instance = instance
        self.tryNumber = tryNumber
        self.tryToken = tryToken
    }
}

public struct TaskFinished: Sendable, Hashable {
    public var instance: InstanceID
    public var tryNumber: Int
    /// `success`, `failed`, `cancelled` or `up_for_retry`.
    public var state: TaskState
    public var exitCode: Int?
    public var error: String?
    /// When an instance that is up for retry may run again.
    public var retryAt: Timestamp?
    public var xcoms: [String: JSONValue]
    public var artifacts: [ArtifactReference]
    /// The key under which all this was found in the cache; the task was not run then.
    public var cachedAs: Digest?

    public init(
        instance: InstanceID, tryNumber: Int, state: TaskState, exitCode: Int? = nil, error: String? = nil,
        retryAt: Timestamp? = nil, xcoms: [String: JSONValue] = [:], artifacts: [ArtifactReference] = [],
        cachedAs: Digest? = nil
    ) {
        self.instance = instance
        self.tryNumber = tryNumber
        self.state = state
        self.exitCode = exitCode
        self.error = error
        self.retryAt = retryAt
        self.xcoms = xcoms
        self.artifacts = artifacts
        self.cachedAs = cachedAs
    }
}

public struct TaskDecided: Sendable, Hashable {
    public var instance: InstanceID
    public var state: TaskState
    public var reason: String?

    public init(instance: InstanceID, state: TaskState, reason: String? = nil) {
        self.instance = instance
        self.state = state
        self.reason = reason
    }
}

public struct StepCompleted: Sendable, Hashable {
    public var task: TaskID
    /// How many tries it took.
    public var tryNumber: Int
    /// The step's XCom `return_value`.
    public var value: JSONValue

    public init(task: TaskID, tryNumber: Int = 1, value: JSONValue) {
        self.task = task
        self.tryNumber = tryNumber
        self.value = value
    }
}

/// The bytes are a blob; this says where.
public struct ArtifactReference: Sendable, Hashable {
    public var key: ArtifactKey
    /// Who left it; nil when it was saved outside a task.
    public var task: TaskID?
    public var mediaType: String
    public var digest: Digest
    /// Bytes.
    public var size: Int64
    /// `name@version` of a registered schema.
    public var schema: String?
    public var metadata: [String: JSONValue]

    public init(
        key: ArtifactKey, task: TaskID? = nil, mediaType: String, digest: Digest, size: Int64, schema: String? = nil,
        metadata: [String: JSONValue] = [:]
    ) {
        self.key = key
        self.task = task
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.schema = schema
        self.metadata = metadata
    }
}

/// Stands for a payload that was too large to be kept in the history itself.
public struct Spilled: Sendable, Hashable {
    /// The type name of the real payload.
    public var type: String
    public var digest: Digest
    public var size: Int64
    public var xcomTask: TaskID?
    public var isFirst: Bool
    /// Blobs that the real payload names.
    public var blobs: [Digest]

    /// Whether the real payload is one that anyone may append. Who reads it checks that its type is the one named here.
    var isRequest: Bool { EventPayload.requestTypes.contains(type) }

    public init(type: String, digest: Digest, size: Int64, xcomTask: TaskID?, isFirst: Bool, blobs: [Digest]) {
        self.type = type
        self.digest = digest
        self.size = size
        self.xcomTask = xcomTask
        self.isFirst = isFirst
        self.blobs = blobs
    }
}
