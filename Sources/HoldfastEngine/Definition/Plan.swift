public import Holdfast

/// What a run would do: its tasks in an order that respects their needs, with the values known beforehand.
public struct Plan: Sendable, Hashable {
    /// A text that may depend on what earlier tasks leave.
    public enum Planned<Value: Sendable & Hashable>: Sendable, Hashable {
        case known(Value)
        /// Known only while the run goes on: the text as written in the file.
        case later(String)
        /// It can't be had with these parameters: the task would fail, and why.
        case failing(TemplateError)
    }

    public struct Step: Sendable, Hashable {
        public let task: TaskDefinition
        /// 0 for tasks that need none, else one more than the highest level needed.
        public let level: Int
        /// The items of the instances; nil without `foreach`.
        public let items: Planned<[JSONValue]>?
        /// What `when` comes to; nil without one.
        public let isWanted: Planned<Bool>?
        /// The parts of the key that its result is cached under; nil without `cache`.
        public let cacheKey: [Planned<String>]?
        /// The `env` of pipeline and task, by name. Parameters and XComs come on top.
        public let env: [String: Planned<String>]
    }

    public let dag: DAGID
    public let label: String?
    public let version: Digest
    public let params: [String: JSONValue]
    /// By level, then as in the file.
    public let steps: [Step]
    /// The hooks that are set, in the order they would run.
    public let hooks: [Step]

    /// - Parameter params: what `resolveParams` returned.
    /// - Throws: `TemplateError.invalid`; never for what `PipelineFile.parse` returned.
    public init(_ definition: DAGDefinition, params: [String: JSONValue]) throws(TemplateError) {
        dag = definition.name
        label = definition.label
        version = definition.version
        self.params = params
        let planner = Planner(definition: definition, params: params)
        var steps: [Step] = []
        for (task, level) in planner.ordered { steps.append(try planner.step(task, level: level)) }
        self.steps = steps
        var hooks: [Step] = []
        for hook in Hook.allCases {
            guard let task = definition.hooks[hook] else { continue }
            hooks.append(try planner.step(task, level: (steps.last?.level ?? -1) + 1))
        }
        self.hooks = hooks
    }
}

private struct Planner {
    let definition: DAGDefinition
    let names: TemplateNames
    let context: TemplateContext

    init(definition: DAGDefinition, params: [String: JSONValue]) {
        self.definition = definition
        names = definition.templateNames
        context = TemplateContext(params: params, runID: RunID(unchecked: "")) { task, key in .notLoaded }
    }

    /// The tasks by level, then as in the file.
    var ordered: [(TaskDefinition, Int)] {
        let indices = Dictionary(
            definition.tasks.enumerated().map { ($0.element.id, $0.offset) }, uniquingKeysWith: { first, _ in first })
        let needs = definition.tasks.map { $0.needs.compactMap { indices[$0] } }
        var downstream = [[Int]](repeating: [], count: needs.count)
        for (index, list) in needs.enumerated() { for need in list { downstream[need].append(index) } }
        var remaining = needs.map(\.count)
        var levels = [Int](repeating: 0, count: needs.count)
        var queue = remaining.indices.filter { remaining[$0] == 0 }
        var head = 0
        while head < queue.count {
            let index = queue[head]
            head += 1
            for next in downstream[index] {
                levels[next] = max(levels[next], levels[index] + 1)
                remaining[next] -= 1
                if remaining[next] == 0 { queue.append(next) }
            }
        }
        return queue.sorted { (levels[$0], $0) < (levels[$1], $1) }.map { (definition.tasks[$0], levels[$0]) }
    }

    func step(_ task: TaskDefinition, level: Int) throws(TemplateError) -> Plan.Step {
        let templates = try TaskTemplates(task, in: definition, names: names)
        var items: Plan.Planned<[JSONValue]>?
        if let written = task.foreach {
            let text = if case .template(let text) = written { text } else { "" }
            items = plan(text, templates.foreach?.references ?? []) { () throws(TemplateError) in
                try templates.items(in: context) ?? []
            }
        }
        let isWanted = task.when.map { text in
            plan(text, templates.when?.references ?? []) { () throws(TemplateError) in
                try templates.isWanted(in: context)
            }
        }
        let texts = definition.env.merging(task.env) { _, own in own }
        var env: [String: Plan.Planned<String>] = [:]
        for (name, template) in templates.env {
            env[name] = plan(texts[name] ?? "", template.references) { () throws(TemplateError) in
                try template.render(in: context)
            }
        }
        let cacheKey = templates.cacheKey.map { key in
            zip(key, task.cache?.key ?? []).map { template, text in
                plan(text, template.references) { () throws(TemplateError) in try template.render(in: context) }
            }
        }
        return Plan.Step(
            task: task, level: level, items: items, isWanted: isWanted, cacheKey: cacheKey, env: env)
    }

    private func plan<Value>(
        _ text: String, _ references: [TemplateReference], _ value: () throws(TemplateError) -> Value
    ) -> Plan.Planned<Value> {
        guard references.allSatisfy({ if case .param = $0.root { true } else { false } }) else { return .later(text) }
        do { return .known(try value()) } catch { return .failing(error) }
    }
}
