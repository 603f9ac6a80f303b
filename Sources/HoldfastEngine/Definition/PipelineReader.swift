import Holdfast

/// Reads the shape of a pipeline file: keys, types and single values. What depends on several parts is checked after it.
struct PipelineReader {
    var problems: ProblemList

    static let topKeys = [
        "name", "version", "params", "env", "secrets", "working_dir", "max_parallel", "timeout", "defaults", "tasks",
        "on_success", "on_failure", "on_exit",
    ]
    static let settingKeys = ["retries", "retry_delay", "retry_backoff", "timeout"]
    static let defaultsKeys = settingKeys + ["trigger", "allow_failure"]
    static let hookKeys = ["run", "command", "env"] + settingKeys
    static let taskKeys = ["needs", "run", "command", "foreach", "when", "env", "cache"] + defaultsKeys
    static let cacheKeys = ["key", "ttl"]

    mutating func read(_ root: YAMLNode) -> PipelineDraft? {
        guard case .map = root.content else {
            problems.add(
                root.position,
                "the file holds \(root.phrase), not a map; begin with \"name: my-pipeline\" and \"tasks:\"")
            return nil
        }
        guard let fields = fields(root, at: root.position, of: "a pipeline file", known: Self.topKeys) else {
            return nil
        }
        var draft = PipelineDraft(name: name(fields) ?? "")
        draft.label = text(fields, "version")?.value.text
        draft.params = params(fields)
        draft.env = variables(fields)
        draft.secrets = secrets(fields)
        draft.workingDirectory = workingDirectory(fields)
        draft.maxParallel = integer(fields, "max_parallel", from: 1)
        draft.timeout = duration(fields, "timeout", allowsZero: false)
        let defaults = defaults(fields)
        draft.tasks = tasks(fields, defaults: defaults)
        draft.hooks = hooks(fields, defaults: defaults)
        return draft
    }

    private mutating func name(_ fields: Fields) -> String? {
        guard fields.node("name") != nil else {
            problems.add(fields.position, "\"name\" is missing; name the pipeline: name: my-pipeline")
            return nil
        }
        guard let name = text(fields, "name") else { return nil }
        check(id: name.value.text, "name", at: name.position)
        return name.value.text
    }

    mutating func check(id: String, _ what: String, at position: SourcePosition) {
        guard !TaskID.isValid(id) else { return }
        problems.add(
            position,
            "\(what) \(quoted(id)) is no valid id; use 1 to 128 of A-Z a-z 0-9 . _ - and begin with a letter or a digit"
        )
    }

    private mutating func params(_ fields: Fields) -> [ParamDraft] {
        map(fields, "params", of: "{ date: \"2026-01-01\" }").compactMap { entry in
            guard Self.isParamName(entry.key) else {
                problems.add(
                    entry.position,
                    "parameter \(quoted(entry.key)) is no valid name; use 1 to 128 of A-Z a-z 0-9 . _ - and begin with a letter or _"
                )
                return nil
            }
            var texts: [Located<YAMLScalar>] = []
            let value = json(entry.value, "parameter \(quoted(entry.key))", texts: &texts)
            return ParamDraft(name: entry.key, position: entry.position, value: value, texts: texts)
        }
    }

    private static func isParamName(_ name: String) -> Bool {
        TaskID.isValid(name.hasPrefix("_") ? "a" + name.dropFirst() : name) && name.first?.isNumber != true
    }

    private mutating func workingDirectory(_ fields: Fields) -> String? {
        guard let path = text(fields, "working_dir") else { return nil }
        if path.value.text.isEmpty {
            problems.add(
                path.position, "\"working_dir\" is empty; write a path, or leave it out for the current folder")
        }
        refuseNUL(path, "\"working_dir\"")
        return path.value.text
    }

    private mutating func secrets(_ fields: Fields) -> [Located<String>] {
        var seen: Set<String> = []
        return texts(fields, "secrets", example: "[API_TOKEN]").compactMap { secret in
            let name = secret.value.text
            guard VariableName.isValid(name) else {
                problems.add(secret.position, "secret \(quoted(name)) is no valid variable name; \(VariableName.rule)")
                return nil
            }
            guard seen.insert(name).inserted else {
                problems.add(secret.position, "secret \(quoted(name)) is listed twice; remove one")
                return nil
            }
            return Located(value: name, position: secret.position)
        }
    }

    mutating func variables(_ fields: Fields) -> [VariableDraft] {
        map(fields, "env", of: "{ NAME: value }").compactMap { entry in
            guard VariableName.isValid(entry.key) else {
                problems.add(entry.position, "env \(quoted(entry.key)) is no valid variable name; \(VariableName.rule)")
                return nil
            }
            guard !entry.key.hasPrefix("HOLDFAST_") else {
                problems.add(entry.position, "env \(quoted(entry.key)) is reserved, as all of HOLDFAST_*; rename it")
                return nil
            }
            guard !entry.value.isNull else {
                problems.add(entry.position, "env \(quoted(entry.key)) has no value; write \"\" for an empty text")
                return nil
            }
            guard case .scalar(let scalar) = entry.value.content else {
                problems.add(
                    entry.value.position,
                    "env \(quoted(entry.key)) is \(entry.value.phrase); it must be a text, a number or a boolean")
                return nil
            }
            let value = Located(value: scalar, position: entry.value.position)
            refuseNUL(value, "env \(quoted(entry.key))")
            return VariableDraft(name: entry.key, position: entry.position, value: value)
        }
    }

    private mutating func defaults(_ fields: Fields) -> TaskSettings {
        guard let node = fields.node("defaults"),
            let defaults = self.fields(node, at: node.position, of: "\"defaults\"", known: Self.defaultsKeys)
        else { return TaskSettings() }
        return settings(defaults)
    }
}
