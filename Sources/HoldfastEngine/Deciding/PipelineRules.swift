public import Holdfast

/// The conditions and item templates of a definition, parsed once for a run.
public struct PipelineRules: Sendable {
    public struct Condition: Sendable {
        let expression: WhenExpression
        /// Whether it speaks of the item, and so is asked for each instance.
        let namesItem: Bool
    }

    private var conditions: [TaskID: Condition] = [:]
    private var itemTemplates: [TaskID: Template] = [:]
    private var literalItems: [TaskID: [JSONValue]] = [:]
    let names: TemplateNames
    /// When the present worker began; the run's timeout counts from there, so that a resumed run gets its full time.
    public var activeSince: Timestamp?

    /// - Throws: `TemplateError.invalid`; a definition that was checked at load throws nothing.
    public init(_ definition: DAGDefinition) throws(TemplateError) {
        names = definition.templateNames
        for task in definition.tasks {
            if let when = task.when {
                let expression = try WhenExpression(parsing: when, names: names)
                conditions[task.id] = Condition(
                    expression: expression, namesItem: expression.references.contains { $0.namesItem })
            }
            switch task.foreach {
            case .items(let items): literalItems[task.id] = items
            case .template(let text): itemTemplates[task.id] = try Template(parsing: text, names: names)
            case nil: break
            }
        }
    }

    func condition(of task: TaskID) -> Condition? { conditions[task] }

    func items(of task: TaskID, in context: TemplateContext) throws(TemplateError) -> [JSONValue] {
        if let items = literalItems[task] { return items }
        guard let template = itemTemplates[task] else { return [] }
        return try template.items(in: context)
    }
}

extension TemplateReference {
    var namesItem: Bool { if case .item = root { true } else { false } }
}
