public import Holdfast

/// The templates of a task, parsed once for all its instances and tries.
public struct TaskTemplates: Sendable {
    public let task: TaskDefinition
    /// Of the pipeline and of the task, which wins; by name.
    public let env: [(name: String, value: Template)]
    public let when: WhenExpression?
    /// Nil for a task without `foreach` or with a list of items.
    public let foreach: Template?
    /// Of what the result depends on; nil for a task without `cache`.
    public let cacheKey: [Template]?

    /// - Parameter names: `definition.templateNames`, made once.
    /// - Throws: `TemplateError.invalid`; never for what `PipelineFile.parse` returned.
    public init(
        _ task: TaskDefinition, in definition: DAGDefinition, names: TemplateNames
    ) throws(TemplateError) {
        self.task = task
        let texts = definition.env.merging(task.env) { _, own in own }
        var env: [(name: String, value: Template)] = []
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            env.append((name, try Template(parsing: text, names: names)))
        }
        self.env = env
        when = if let text = task.when { try WhenExpression(parsing: text, names: names) } else { nil }
        var cacheKey: [Template]?
        for text in task.cache?.key ?? [] {
            cacheKey = (cacheKey ?? []) + [try Template(parsing: text, names: names)]
        }
        self.cacheKey = cacheKey
        foreach = if case .template(let text) = task.foreach { try Template(parsing: text, names: names) } else { nil }
    }

    /// The items of the task's instances; nil without `foreach`.
    /// - Throws: `missing`, `notLoaded` or `notAList`.
    public func items(in context: TemplateContext) throws(TemplateError) -> [JSONValue]? {
        if let foreach { return try foreach.items(in: context) }
        if case .items(let items) = task.foreach { return items }
        return nil
    }

    /// Whether `when` lets the task run; true without one.
    /// - Throws: `missing`, `notLoaded` or `notComparable`.
    public func isWanted(in context: TemplateContext) throws(TemplateError) -> Bool {
        try when?.evaluate(in: context) ?? true
    }

    /// The XComs that the task's templates name, each once: what to load before the task is decided and started.
    public var xcoms: [XComReference] {
        var seen: Set<XComReference> = []
        let references =
            env.flatMap(\.value.references) + (when?.references ?? []) + (foreach?.references ?? [])
            + (cacheKey ?? []).flatMap(\.references)
        return references.compactMap { reference in
            guard case .xcom(let xcom) = reference.root, seen.insert(xcom).inserted else { return nil }
            return xcom
        }
    }
}
