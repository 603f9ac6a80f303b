import Holdfast

/// All that one try needs to know of its run. It holds no fold: a copy that lives as long as the try would make every
/// later event of the run copy the fold.
struct TryJob: Sendable {
    let run: RunID
    let task: TaskDefinition
    let started: TaskStarted
    let item: JSONValue?
    /// Of the try before, whose processes must be gone before this one begins.
    let previousToken: String?
    let params: [String: JSONValue]
    let logicalDate: Timestamp?
    let pipelineEnvironment: [String: String]
    let workingDirectory: String?
    let names: TemplateNames
    /// What the task's environment may show: the XComs of its direct needs, and those that its templates name.
    let xcoms: [XComReference: XComSource]
    /// For hooks: how the run went.
    let outcome: RunState?

    var instance: InstanceID { started.instance }

    /// The same for every try of the instance, and for no other instance.
    var idempotencyKey: String {
        let parts: JSONValue = [
            .string(run.rawValue), .string(task.id.rawValue), instance.mapIndex.map { .int(Int64($0)) } ?? .null,
        ]
        return String(Digest(of: parts.encoded()).hexadecimal.prefix(32))
    }
}

extension TryJob {
    /// - Precondition: the start was folded.
    init(_ started: TaskStarted, in fold: RunFold, names: TemplateNames, previousToken: String?) {
        guard let node = fold.node(started.instance.task), let task = node.definition else {
            preconditionFailure("\(started.instance) is no task of a definition")
        }
        run = fold.id
        self.task = task
        self.started = started
        item = fold.instance(started.instance)?.item
        self.previousToken = previousToken
        params = fold.params
        logicalDate = fold.created?.logicalDate
        pipelineEnvironment = fold.definition?.env ?? [:]
        workingDirectory = fold.created?.workingDirectory
        self.names = names
        outcome = node.hook == nil ? nil : fold.cancelRequestedAt != nil ? .cancelled : fold.outcome
        xcoms = Self.xcoms(for: task, fold: fold, names: names)
    }

    private static func xcoms(
        for task: TaskDefinition, fold: RunFold, names: TemplateNames
    ) -> [XComReference: XComSource] {
        var references = Set<XComReference>()
        for need in task.needs {
            for key in fold.xcomKeys(of: need) { references.insert(XComReference(task: need, key: key)) }
        }
        for text in [task.env, fold.definition?.env ?? [:]].flatMap(\.values) where text.contains("{{") {
            // A template that can't be parsed is reported when the environment is made.
            for reference in (try? Template(parsing: text, names: names))?.references ?? [] {
                if case .xcom(let xcom) = reference.root { references.insert(xcom) }
            }
        }
        return Dictionary(
            uniqueKeysWithValues: references.compactMap { reference in
                fold.xcomSource(of: reference).map { (reference, $0) }
            })
    }
}
