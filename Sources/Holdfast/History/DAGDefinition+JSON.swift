// The canonical definition: every member with its value, defaults included, absent options left out. Durations are
// whole milliseconds.

extension DAGDefinition {
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name.rawValue),
            "params": .object(params),
            "env": .object(env.mapValues { .string($0) }),
            "secrets": .array(secrets.map { .string($0) }),
            "working_dir": .string(workingDirectory),
            "tasks": .array(tasks.map(\.json)),
            "hooks": .object(Dictionary(uniqueKeysWithValues: hooks.map { ($0.key.rawValue, $0.value.json) })),
        ]
        members["version"] = label.map { .string($0) }
        members["max_parallel"] = maxParallel.map { .int(Int64($0)) }
        members["timeout_ms"] = timeout.map { .int($0.wholeMilliseconds) }
        return .object(members)
    }

    /// - Throws: `StoreError.corrupt` when the value is no canonical definition.
    public init(json: JSONValue) throws(StoreError) {
        try self.init(try ObjectReader(json, subject: "DAG definition"))
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        let hookMembers = try reader.object("hooks") ?? [:]
        var hooks: [Hook: TaskDefinition] = [:]
        for (name, value) in hookMembers {
            guard let hook = Hook(rawValue: name) else { throw reader.failure("unknown hook \(quoted(name))") }
            hooks[hook] = try TaskDefinition(try ObjectReader(value, subject: "hook \(name)"))
        }
        _ = try reader.required("tasks", reader.array)
        self.init(
            name: try reader.required("name", reader.identifier),
            label: try reader.string("version"),
            params: try reader.object("params") ?? [:],
            env: try reader.strings("env") ?? [:],
            secrets: try reader.stringArray("secrets") ?? [],
            workingDirectory: try reader.string("working_dir") ?? ".",
            maxParallel: try reader.int("max_parallel").map(Int.init),
            timeout: try reader.duration("timeout_ms"),
            tasks: try reader.objects("tasks", TaskDefinition.init), hooks: hooks)
    }
}

extension TaskDefinition {
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id.rawValue),
            "needs": .array(needs.map { .string($0.rawValue) }),
            "trigger": .string(trigger.rawValue),
            "env": .object(env.mapValues { .string($0) }),
            "retries": .int(Int64(retries)),
            "retry_delay_ms": .int(retryDelay.wholeMilliseconds),
            "retry_backoff": .double(retryBackoff),
            "allow_failure": .bool(allowFailure),
        ]
        switch action {
        case .shell(let script): members["run"] = .string(script)
        case .command(let arguments): members["command"] = .array(arguments.map { .string($0) })
        }
        switch foreach {
        case .items(let items): members["foreach"] = .array(items)
        case .template(let template): members["foreach"] = .string(template)
        case nil: break
        }
        members["when"] = when.map { .string($0) }
        members["cache"] = cache?.json
        members["timeout_ms"] = timeout.map { .int($0.wholeMilliseconds) }
        return .object(members)
    }

    /// - Throws: `StoreError.corrupt` when the value is no canonical task.
    public init(json: JSONValue) throws(StoreError) {
        try self.init(try ObjectReader(json, subject: "task definition"))
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        let action: Action
        if let script = try reader.string("run") {
            action = .shell(script)
        } else {
            action = .command(try reader.required("command", reader.stringArray))
        }
        let foreach: Foreach? =
            switch reader.members["foreach"] {
            case .array(let items): .items(items)
            case .string(let template): .template(template)
            case nil, .null: nil
            default: throw reader.failure("foreach is no array or string")
            }
        self.init(
            id: try reader.required("id", reader.identifier), action: action,
            needs: try reader.identifiers("needs") ?? [],
            trigger: try reader.name("trigger") ?? .allSuccess, when: try reader.string("when"), foreach: foreach,
            env: try reader.strings("env") ?? [:], retries: try reader.int("retries").map(Int.init) ?? 0,
            retryDelay: try reader.duration("retry_delay_ms") ?? .seconds(1),
            retryBackoff: try reader.double("retry_backoff") ?? 2, timeout: try reader.duration("timeout_ms"),
            allowFailure: try reader.bool("allow_failure") ?? false,
            cache: try reader.nested("cache", Cache.init))
    }
}

extension TaskDefinition.Cache {
    var json: JSONValue {
        var members: [String: JSONValue] = ["key": .array(key.map { .string($0) })]
        members["ttl_ms"] = timeToLive.map { .int($0.wholeMilliseconds) }
        return .object(members)
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            key: try reader.required("key", reader.stringArray), timeToLive: try reader.duration("ttl_ms"))
    }
}
