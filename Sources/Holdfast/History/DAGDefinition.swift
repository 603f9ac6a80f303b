/// A named graph of tasks, complete and checked: what a pipeline file comes to once its defaults are filled in.
public struct DAGDefinition: Sendable, Hashable {
    public var name: DAGID
    /// The optional `version:` label; the version proper is `version`.
    public var label: String?
    /// Default values; null stands for a required parameter.
    public var params: [String: JSONValue]
    public var env: [String: String]
    /// Names of environment variables whose values are masked and never recorded.
    public var secrets: [String]
    /// As written in the file, relative to where `run` was called.
    public var workingDirectory: String
    /// How many task instances may run at once; nil: the number of cores.
    public var maxParallel: Int?
    /// For the whole run; nil: no limit.
    public var timeout: Duration?
    /// In the order of the file.
    public var tasks: [TaskDefinition]
    public var hooks: [Hook: TaskDefinition]

    public init(
        name: DAGID, label: String? = nil, params: [String: JSONValue] = [:], env: [String: String] = [:],
        secrets: [String] = [], workingDirectory: String = ".", maxParallel: Int? = nil, timeout: Duration? = nil,
        tasks: [TaskDefinition], hooks: [Hook: TaskDefinition] = [:]
    ) {
        self.name = name
        self.label = label
        self.params = params
        self.env = env
        self.secrets = secrets
        self.workingDirectory = workingDirectory
        self.maxParallel = maxParallel
        self.timeout = timeout
        self.tasks = tasks
        self.hooks = hooks
    }

    /// The SHA-256 of the canonical definition: compact JSON with sorted keys, and tasks, needs and secrets in order of
    /// their names, as the order in which a file names them changes nothing about what has to run.
    public var version: Digest {
        var canonical = self
        canonical.tasks.sort { $0.id < $1.id }
        for index in canonical.tasks.indices { canonical.tasks[index].needs.sort() }
        canonical.secrets.sort()
        return Digest(of: canonical.json.encoded())
    }
}

/// What runs when a run has ended; recorded as a task of the run under the hook's name, which no task may have.
public enum Hook: String, Sendable, Hashable, Codable, CaseIterable {
    case onSuccess = "on_success"
    case onFailure = "on_failure"
    /// After the other two, and also after a cancel.
    case onExit = "on_exit"

    public var taskID: TaskID { TaskID(unchecked: rawValue) }
}

/// A node of a DAG.
public struct TaskDefinition: Sendable, Hashable {
    public var id: TaskID
    public var action: Action
    public var needs: [TaskID]
    public var trigger: Trigger
    /// A condition in the language of `when:`; false skips the task.
    public var when: String?
    public var foreach: Foreach?
    public var env: [String: String]
    /// How often a failed instance is tried again.
    public var retries: Int
    /// Before the first retry.
    public var retryDelay: Duration
    /// What the delay is multiplied by from one retry to the next.
    public var retryBackoff: Double
    /// For one try; nil: no limit.
    public var timeout: Duration?
    /// Its failure fails neither the run nor its dependants' `all_success`.
    public var allowFailure: Bool
    /// Its result is kept, and taken over in place of running it again.
    public var cache: Cache?

    public enum Action: Sendable, Hashable {
        /// A script for `/bin/sh -euc`.
        case shell(String)
        /// An argument vector; the first element is looked up in PATH.
        case command([String])
    }

    public enum Foreach: Sendable, Hashable {
        case items([JSONValue])
        /// A template that yields an array.
        case template(String)
    }

    public struct Cache: Sendable, Hashable {
        /// Templates: what the result depends on, besides the DAG, the task, what it runs and its item.
        public var key: [String]
        /// How long a result is good; nil: until its room is needed.
        public var timeToLive: Duration?

        public init(key: [String], timeToLive: Duration? = nil) {
            self.key = key
            self.timeToLive = timeToLive
        }
    }

    public init(
        id: TaskID, action: Action, needs: [TaskID] = [], trigger: Trigger = .allSuccess, when: String? = nil,
        foreach: Foreach? = nil, env: [String: String] = [:], retries: Int = 0, retryDelay: Duration = .seconds(1),
        retryBackoff: Double = 2, timeout: Duration? = nil, allowFailure: Bool = false,
        cache: Cache? = nil
    ) {
        self.id = id
        self.action = action
        self.needs = needs
        self.trigger = trigger
        self.when = when
        self.foreach = foreach
        self.env = env
        self.retries = retries
        self.retryDelay = retryDelay
        self.retryBackoff = retryBackoff
        self.timeout = timeout
        self.allowFailure = allowFailure
        self.cache = cache
    }
}

/// When a task may run, over the instances of the tasks it needs.
public enum Trigger: String, Sendable, Hashable, Codable, CaseIterable {
    /// All succeeded. A skipped one makes the task skipped, a failed one upstream_failed.
    case allSuccess = "all_success"
    /// All succeeded or were skipped.
    case noneFailed = "none_failed"
    /// All have ended, however.
    case allDone = "all_done"
    /// As soon as one succeeded.
    case oneSuccess = "one_success"
    /// As soon as one failed.
    case oneFailed = "one_failed"
}
