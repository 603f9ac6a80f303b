import Holdfast

extension PipelineReader {
    mutating func tasks(_ fields: Fields, defaults: TaskSettings) -> [TaskDraft] {
        guard let node = fields.node("tasks") else {
            let position = fields.entries["tasks"]?.position ?? fields.position
            problems.add(position, "there are no tasks; write at least one under \"tasks\"")
            return []
        }
        guard case .map(let entries) = node.content else {
            problems.add(node.position, "\"tasks\" is \(node.phrase); it must be a map from task id to task")
            return []
        }
        if entries.isEmpty { problems.add(node.position, "there are no tasks; write at least one under \"tasks\"") }
        return entries.compactMap { task($0, defaults: defaults) }
    }

    private mutating func task(_ entry: YAMLEntry, defaults: TaskSettings) -> TaskDraft? {
        check(id: entry.key, "task", at: entry.position)
        if Hook(rawValue: entry.key) != nil {
            problems.add(
                entry.position,
                "task \(quoted(entry.key)) has the name of a hook; rename it, or move it to the top level")
        }
        let owner = "task \(quoted(entry.key))"
        var draft = TaskDraft(id: entry.key, position: entry.position)
        guard !entry.value.isNull else {
            problems.add(entry.position, "\(owner) is empty; give it \"run\" or \"command\"")
            return draft
        }
        guard let fields = fields(entry.value, at: entry.position, of: owner, known: Self.taskKeys) else {
            return draft
        }
        draft.action = action(fields, owner: owner)
        draft.needs = needs(fields, id: entry.key)
        draft.when = text(fields, "when")
        draft.foreach = foreach(fields)
        draft.env = variables(fields)
        draft.cache = cache(fields)
        draft.settings = settings(fields).over(defaults)
        return draft
    }

    private mutating func cache(_ fields: Fields) -> CacheDraft? {
        guard let node = fields.node("cache"),
            let cache = self.fields(node, at: node.position, of: "\"cache\"", known: Self.cacheKeys)
        else { return nil }
        let key = texts(cache, "key", example: "[v1, \"{{ params.date }}\"]")
        let isEmpty = if case .list(let items) = cache.node("key")?.content { items.isEmpty } else { false }
        if cache.node("key") == nil || isEmpty {
            problems.add(
                cache.node("key")?.position ?? node.position,
                "\"cache\" has no \"key\"; list what the result depends on: key: [v1, \"{{ params.date }}\"]")
        }
        return CacheDraft(key: key, timeToLive: duration(cache, "ttl", allowsZero: false))
    }

    mutating func hooks(_ fields: Fields, defaults: TaskSettings) -> [TaskDraft] {
        Hook.allCases.compactMap { hook in
            guard let node = fields.node(hook.rawValue), let entry = fields.entries[hook.rawValue] else { return nil }
            let owner = "\"\(hook.rawValue)\""
            guard let fields = self.fields(node, at: entry.position, of: owner, known: Self.hookKeys) else {
                return nil
            }
            var draft = TaskDraft(id: hook.rawValue, position: entry.position)
            draft.action = action(fields, owner: owner)
            draft.env = variables(fields)
            draft.settings = settings(fields).over(defaults)
            draft.settings.trigger = nil
            draft.settings.allowFailure = nil
            return draft
        }
    }

    mutating func settings(_ fields: Fields) -> TaskSettings {
        var settings = TaskSettings()
        settings.retries = integer(fields, "retries", from: 0)
        settings.retryDelay = duration(fields, "retry_delay", allowsZero: true)
        settings.retryBackoff = backoff(fields)
        if let entry = fields.entries["timeout"] {
            settings.timeout = entry.value.isNull ? .some(nil) : duration(fields, "timeout", allowsZero: false)
        }
        settings.trigger = trigger(fields)
        settings.allowFailure = boolean(fields, "allow_failure")
        return settings
    }

    private mutating func backoff(_ fields: Fields) -> Double? {
        guard let node = fields.node("retry_backoff") else { return nil }
        guard case .scalar(let scalar) = node.content, case .json(let json) = scalar.value,
            let number = json.doubleValue,
            number >= 1
        else {
            problems.add(node.position, "\"retry_backoff\" is \(node.phrase); it must be a number, 1 or more")
            return nil
        }
        return number
    }

    private mutating func trigger(_ fields: Fields) -> Trigger? {
        guard let name = text(fields, "trigger") else { return nil }
        if let trigger = Trigger(rawValue: name.value.text) { return trigger }
        let known = Trigger.allCases.map(\.rawValue)
        let advice =
            Spelling.nearest(to: name.value.text, in: known).map { "did you mean \(quoted($0))?" }
            ?? "use one of \(known.joined(separator: ", "))"
        problems.add(name.position, "unknown trigger \(quoted(name.value.text)); \(advice)")
        return nil
    }

    private mutating func needs(_ fields: Fields, id: String) -> [Located<String>] {
        var seen: Set<String> = []
        return texts(fields, "needs", example: "[extract]").compactMap { need in
            let name = need.value.text
            guard name != id else {
                problems.add(need.position, "task \(quoted(id)) needs itself; remove \(quoted(id)) from \"needs\"")
                return nil
            }
            guard seen.insert(name).inserted else {
                problems.add(need.position, "\"needs\" lists \(quoted(name)) twice; remove one")
                return nil
            }
            return Located(value: name, position: need.position)
        }
    }

    // MARK: - What it does

    private mutating func action(_ fields: Fields, owner: String) -> TaskDraft.Action? {
        switch (fields.node("run"), fields.node("command")) {
        case (nil, nil):
            problems.add(fields.position, "\(owner) has neither \"run\" nor \"command\"; give it one of them")
            return nil
        case (.some, .some):
            let position = fields.entries["command"]?.position ?? fields.position
            problems.add(position, "\(owner) has both \"run\" and \"command\"; remove one")
            return nil
        case (let run?, nil): return script(run)
        case (nil, let command?): return command.isList ? arguments(command, fields) : refuse(command)
        }
    }

    private mutating func script(_ node: YAMLNode) -> TaskDraft.Action? {
        guard case .scalar(let scalar) = node.content else {
            problems.add(
                node.position,
                "\"run\" is \(node.phrase); it must be a shell script (for a list of arguments use \"command\")")
            return nil
        }
        let script = Located(value: scalar, position: node.position)
        if scalar.text.allSatisfy(\.isWhitespace) {
            problems.add(node.position, "\"run\" is empty; write the shell command to run")
        }
        refuseNUL(script, "\"run\"")
        refuseLong(script, "\"run\"", advice: "put the script into a file")
        return .shell(script)
    }

    private mutating func refuse(_ command: YAMLNode) -> TaskDraft.Action? {
        problems.add(
            command.position,
            "\"command\" is \(command.phrase); it must be a list like [python3, transform.py] (for a shell script use \"run\")"
        )
        return nil
    }

    private mutating func arguments(_ node: YAMLNode, _ fields: Fields) -> TaskDraft.Action? {
        let arguments = texts(fields, "command", example: "[python3, transform.py]")
        if case .list(let items) = node.content, items.isEmpty {
            problems.add(
                node.position, "\"command\" is empty; write the program and its arguments: [python3, transform.py]")
        }
        if let program = arguments.first, program.value.text.isEmpty {
            problems.add(
                program.position, "the program in \"command\" is an empty text; name one: [python3, transform.py]")
        }
        for argument in arguments {
            refuseNUL(argument, "an argument in \"command\"")
            refuseLong(argument, "an argument in \"command\"", advice: "pass it in a file")
        }
        return .command(arguments)
    }

    private mutating func refuseLong(_ text: Located<YAMLScalar>, _ what: String, advice: String) {
        let length = text.value.text.utf8.count
        guard length > PipelineFile.maximumArgument else { return }
        problems.add(
            text.position, "\(what) has \(length) bytes, the limit is \(PipelineFile.maximumArgument); \(advice)")
    }

    private mutating func foreach(_ fields: Fields) -> TaskDraft.Foreach? {
        guard let node = fields.node("foreach") else { return nil }
        switch node.content {
        case .scalar(let scalar) where scalar.text.utf8.contains(UInt8(ascii: "{")):
            return .template(Located(value: scalar, position: node.position))
        case .list(let items):
            var texts: [Located<YAMLScalar>] = []
            return .items(items.map { json($0, "an item of \"foreach\"", texts: &texts) }, texts: texts)
        default:
            problems.add(
                node.position,
                "\"foreach\" is \(node.phrase); it must be a list like [a, b] or one template like \"{{ xcom.extract.files }}\""
            )
            return nil
        }
    }
}

extension YAMLNode {
    fileprivate var isList: Bool { if case .list = content { true } else { false } }
}
