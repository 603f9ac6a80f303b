import Holdfast

/// A part of the file and its place.
struct Located<Value> {
    let value: Value
    let position: SourcePosition
}

/// What a file says, before names are checked against each other. Parts that were refused are left out.
struct PipelineDraft {
    var name: String
    var label: String?
    var params: [ParamDraft] = []
    var env: [VariableDraft] = []
    var secrets: [Located<String>] = []
    var workingDirectory: String?
    var maxParallel: Int?
    var timeout: Duration?
    var tasks: [TaskDraft] = []
    var hooks: [TaskDraft] = []
}

struct ParamDraft {
    let name: String
    let position: SourcePosition
    let value: JSONValue
    /// The texts within the value.
    let texts: [Located<YAMLScalar>]
}

struct VariableDraft {
    let name: String
    let position: SourcePosition
    let value: Located<YAMLScalar>
}

/// A task or a hook.
struct TaskDraft {
    enum Action {
        case shell(Located<YAMLScalar>)
        case command([Located<YAMLScalar>])
    }

    enum Foreach {
        case items([JSONValue], texts: [Located<YAMLScalar>])
        case template(Located<YAMLScalar>)
    }

    let id: String
    let position: SourcePosition
    var action: Action?
    var needs: [Located<String>] = []
    var when: Located<YAMLScalar>?
    var foreach: Foreach?
    var env: [VariableDraft] = []
    var cache: CacheDraft?
    var settings = TaskSettings()
}

struct CacheDraft {
    let key: [Located<YAMLScalar>]
    let timeToLive: Duration?
}

/// What `defaults` may hold as well as a task; nil: not said.
struct TaskSettings {
    var retries: Int?
    var retryDelay: Duration?
    var retryBackoff: Double?
    /// `.some(nil)`: said to be none.
    var timeout: Duration??
    var trigger: Trigger?
    var allowFailure: Bool?

    func over(_ defaults: TaskSettings) -> TaskSettings {
        TaskSettings(
            retries: retries ?? defaults.retries, retryDelay: retryDelay ?? defaults.retryDelay,
            retryBackoff: retryBackoff ?? defaults.retryBackoff, timeout: timeout ?? defaults.timeout,
            trigger: trigger ?? defaults.trigger, allowFailure: allowFailure ?? defaults.allowFailure)
    }
}

extension PipelineDraft {
    /// The definition of a draft that was found to be free of problems.
    var definition: DAGDefinition {
        DAGDefinition(
            name: DAGID(unchecked: name), label: label,
            params: Dictionary(params.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
            env: env.texts, secrets: secrets.map(\.value), workingDirectory: workingDirectory ?? ".",
            maxParallel: maxParallel, timeout: timeout, tasks: tasks.compactMap(\.definition),
            hooks: Dictionary(
                hooks.compactMap { draft in
                    Hook(rawValue: draft.id).flatMap { hook in draft.definition.map { (hook, $0) } }
                },
                uniquingKeysWith: { first, _ in first }))
    }
}

extension TaskDraft {
    fileprivate var definition: TaskDefinition? {
        guard let action else { return nil }
        var task = TaskDefinition(id: TaskID(unchecked: id), action: action.definition)
        task.needs = needs.map { TaskID(unchecked: $0.value) }
        task.when = when?.value.text
        task.foreach = foreach?.definition
        task.env = env.texts
        task.cache = cache.map { TaskDefinition.Cache(key: $0.key.map(\.value.text), timeToLive: $0.timeToLive) }
        task.retries = settings.retries ?? task.retries
        task.retryDelay = settings.retryDelay ?? task.retryDelay
        task.retryBackoff = settings.retryBackoff ?? task.retryBackoff
        task.timeout = settings.timeout ?? task.timeout
        task.trigger = settings.trigger ?? task.trigger
        task.allowFailure = settings.allowFailure ?? task.allowFailure
        return task
    }
}

extension TaskDraft.Action {
    fileprivate var definition: TaskDefinition.Action {
        switch self {
        case .shell(let script): .shell(script.value.text)
        case .command(let arguments): .command(arguments.map(\.value.text))
        }
    }
}

extension TaskDraft.Foreach {
    fileprivate var definition: TaskDefinition.Foreach {
        switch self {
        case .items(let items, _): .items(items)
        case .template(let template): .template(template.value.text)
        }
    }
}

extension [VariableDraft] {
    fileprivate var texts: [String: String] {
        Dictionary(map { ($0.name, $0.value.value.text) }, uniquingKeysWith: { first, _ in first })
    }
}
