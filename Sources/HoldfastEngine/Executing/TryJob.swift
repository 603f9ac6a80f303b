import Holdfast

/// All that one try needs to know of its run. It holds no fold: a copy that lives as long as the try would make every
/// later event of the run copy the fold.
struct TryJob: Sendable {
    let run: RunID
    let dag: DAGID
    let templates: TaskTemplates
    let started: TaskStarted
    let item: JSONValue?
    let filedIndex: Int?
    /// Of the try before, whose processes must be gone before this one begins.
    let previousToken: String?
    let params: [String: JSONValue]
    let logicalDate: Timestamp?
    let workingDirectory: String?
    /// The keys that each direct need has left.
    let xcomKeys: [TaskID: [String]]
    /// What the task's environment may show: the XComs of its direct needs, and those that its templates name.
    let xcoms: [XComReference: XComSource]
    /// For hooks: how the run went.
    let outcome: RunState?

    var task: TaskDefinition { templates.task }
    var instance: InstanceID { started.instance }

    /// The same for every try of the instance, and for no other instance.
    var idempotencyKey: String {
        let parts: JSONValue = [
            .string(run.rawValue), .string(task.id.rawValue), filedIndex.map { .int(Int64($0)) } ?? .null,
        ]
        return String(Digest(of: parts.encoded()).hexadecimal.prefix(32))
    }
}

extension TryJob {
    /// - Precondition: the start was folded.
    init(_ started: TaskStarted, in fold: RunFold, rules: PipelineRules, previousToken: String?) {
        let isHook = fold.node(started.instance.task)?.hook != nil
        let templates = rules.templates(of: started.instance.task)
        run = fold.id
        dag = fold.created?.dag ?? DAGID(unchecked: "none")
        self.templates = templates
        self.started = started
        item = fold.instance(started.instance)?.item
        filedIndex = fold.instance(started.instance)?.filedIndex
        self.previousToken = previousToken
        params = fold.params
        logicalDate = fold.created?.logicalDate
        workingDirectory = fold.created?.workingDirectory
        outcome = !isHook ? nil : fold.cancelRequestedAt != nil ? .cancelled : fold.outcome
        let keys = templates.task.needs.map { ($0, Array(fold.xcomKeys(of: $0))) }
        xcomKeys = Dictionary(keys, uniquingKeysWith: { first, _ in first })
        let references =
            keys.flatMap { task, keys in keys.map { XComReference(task: task, key: $0) } } + templates.xcoms
        let sources = references.compactMap { reference in fold.xcomSource(of: reference).map { (reference, $0) } }
        xcoms = Dictionary(sources, uniquingKeysWith: { first, _ in first })
    }

    /// What the task's templates see.
    /// - Parameter values: of `xcoms`, all loaded.
    func templateContext(values: [XComReference: JSONValue]) -> TemplateContext {
        TemplateContext(
            params: params, runID: run, logicalDate: logicalDate, tryNumber: started.tryNumber, item: item
        ) { task, key in
            values[XComReference(task: task, key: key)].map { .value($0) } ?? .missing
        }
    }
}
