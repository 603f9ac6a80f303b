import Holdfast

extension PipelineChecker {
    /// Refuses environment variables that two sources would fill.
    mutating func checkVariables() {
        var owners: [String: String] = [:]
        for param in draft.params {
            let variable = VariableName.param(param.name)
            if let other = owners[variable] {
                problems.add(
                    param.position,
                    "parameters \(quoted(other)) and \(quoted(param.name)) both become $\(variable); rename one")
            }
            owners[variable] = owners[variable] ?? param.name
        }
        let secrets = Set(draft.secrets.map(\.value))
        for secret in draft.secrets {
            guard let param = owners[secret.value] else { continue }
            problems.add(
                secret.position,
                "secret \(quoted(secret.value)) clashes with the variable of parameter \(quoted(param)); rename one")
        }
        let hasItems = draft.tasks.contains { $0.foreach != nil }
        let needed = Set(draft.tasks.flatMap { $0.needs.map(\.value) })
        check(draft.env, params: owners, secrets: secrets, hasItem: hasItems, prefixes: prefixes(needed))
        for task in draft.tasks {
            checkNeeds(of: task)
            let prefixes = prefixes(Set(task.needs.map(\.value)))
            check(task.env, params: owners, secrets: secrets, hasItem: task.foreach != nil, prefixes: prefixes)
        }
        for hook in draft.hooks { check(hook.env, params: owners, secrets: secrets, hasItem: false, prefixes: [:]) }
    }

    /// What the variables of XComs begin with, and of which task.
    private func prefixes(_ tasks: Set<String>) -> [String: String] {
        Dictionary(tasks.sorted().map { (VariableName.xcomPrefix($0), $0) }, uniquingKeysWith: { first, _ in first })
    }

    private mutating func checkNeeds(of task: TaskDraft) {
        var owners: [String: String] = [:]
        for need in task.needs {
            let prefix = VariableName.xcomPrefix(need.value)
            if let other = owners[prefix] {
                problems.add(
                    need.position,
                    "the values of \(quoted(other)) and \(quoted(need.value)) would both become $\(prefix)…; rename one of the tasks"
                )
            }
            owners[prefix] = owners[prefix] ?? need.value
        }
    }

    private mutating func check(
        _ variables: [VariableDraft], params: [String: String], secrets: Set<String>, hasItem: Bool,
        prefixes: [String: String]
    ) {
        for variable in variables {
            let name = variable.name
            var reason: String?
            if let param = params[name] {
                reason = "clashes with the variable of parameter \(quoted(param)); rename it"
            }
            if name == VariableName.item, hasItem { reason = "clashes with the item of \"foreach\"; rename it" }
            if secrets.contains(name) {
                reason = "is a secret, but \"env\" is recorded; remove it here or from \"secrets\""
            }
            if let task = owner(of: name, prefixes) {
                reason = "clashes with the values of task \(quoted(task)); rename it"
            }
            if let reason { problems.add(variable.position, "env \(quoted(name)) \(reason)") }
        }
    }

    /// The task whose XComs could fill the variable: its keys are known only when it has run.
    private func owner(of variable: String, _ prefixes: [String: String]) -> String? {
        guard variable.hasPrefix("XCOM_") else { return nil }
        for (index, character) in zip(variable.indices, variable) where character == "_" {
            if let task = prefixes[String(variable[...index])] { return task }
        }
        return nil
    }
}
