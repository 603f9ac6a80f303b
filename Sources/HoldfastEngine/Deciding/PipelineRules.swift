public import Holdfast

/// A definition with its templates parsed, once for a run.
public struct PipelineRules: Sendable {
    private let templates: [TaskID: TaskTemplates]
    /// When the present worker began; the run's timeout counts from there, so that a resumed run gets its full time.
    public var activeSince: Timestamp?

    /// - Throws: `TemplateError.invalid`; never for what `PipelineFile.parse` returned.
    public init(_ definition: DAGDefinition) throws(TemplateError) {
        let names = definition.templateNames
        var templates: [TaskID: TaskTemplates] = [:]
        for task in definition.tasks { templates[task.id] = try TaskTemplates(task, in: definition, names: names) }
        for (hook, task) in definition.hooks {
            templates[hook.taskID] = try TaskTemplates(task, in: definition, names: names)
        }
        self.templates = templates
    }

    func templates(of task: TaskID) -> TaskTemplates {
        guard let templates = templates[task] else { preconditionFailure("the definition has no task \(task)") }
        return templates
    }
}

extension TaskTemplates {
    /// Whether the condition speaks of the item, and so is asked for each instance.
    var asksEachItem: Bool { when?.references.contains { $0.root == .item } ?? false }
}
