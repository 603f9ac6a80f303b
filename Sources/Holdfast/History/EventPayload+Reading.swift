extension EventPayload {
    /// Reads the stored form.
    /// - Throws: `corrupt` for a malformed member, `newerFormat` for an unknown type.
    package init(json: JSONValue) throws(StoreError) {
        let reader = try ObjectReader(json, subject: "event payload")
        let type = try reader.required("type", reader.string)
        if let spilled = try reader.nested("spilled", { reader throws(StoreError) in try Spilled(type: type, reader) })
        {
            self = .spilled(spilled)
            return
        }
        switch type {
        case "created": self = .created(try RunCreated(reader))
        case "imported", "copied": self = .restored(try RunSnapshot(reader))
        case "claimed", "taken_over": self = .claimed(try Claimed(reader))
        case "started": self = .started
        case "resumed": self = .resumed(try Resumed(reader))
        case "interrupted": self = .interrupted(reason: try reader.string("reason") ?? "")
        case "finished":
            self = .finished(state: try reader.required("state", reader.name), reason: try reader.string("reason"))
        case "step": self = .stepCompleted(try StepCompleted(reader))
        case "cancel_requested": self = .cancelRequested(reason: try reader.string("reason"))
        case "signal":
            self = .signalled(
                name: try reader.required("name", reader.string), value: reader.members["value"] ?? .null)
        case "pinned": self = .pinned(try reader.required("pinned", reader.bool))
        case "metadata": self = .metadataChanged(try reader.required("metadata", reader.object))
        case "process_added", "process_imported": self = .processAdded(try ProcessAdded(reader))
        case "process_changed": self = .processChanged(try ProcessChange(reader))
        case "process_updated": self = .processUpdated(try reader.processFields("fields"))
        case "turn": self = .turnAppended(try TurnAppended(reader))
        case "turn_piece": self = .turnStreamed(try TurnPiece(reader))
        default: self = try Self.taskEvent(type, reader)
        }
    }

    private static func taskEvent(_ type: String, _ reader: ObjectReader) throws(StoreError) -> EventPayload {
        switch type {
        case "task_expanded":
            .taskExpanded(
                task: try reader.required("task", reader.identifier), items: try reader.required("items", reader.array))
        case "task_started": .taskStarted(try TaskStarted(reader))
        case "task_finished": .taskFinished(try TaskFinished(reader))
        case "task_decided": .taskDecided(try TaskDecided(reader))
        case "task_marked": .taskMarked(try TaskDecided(reader))
        case "mark_requested": .markRequested(try TaskDecided(reader))
        case "xcom_set":
            .xcomSet(
                instance: try InstanceID(reader), key: try reader.required("key", reader.string),
                value: reader.members["value"] ?? .null)
        case "xcom_deleted":
            .xcomDeleted(instance: try InstanceID(reader), key: try reader.required("key", reader.string))
        case "artifact_saved": .artifactSaved(try ArtifactReference(reader))
        case "artifact_deleted": .artifactDeleted(try reader.required("key", reader.identifier))
        default:
            throw StoreError(
                .newerFormat, subject: "event of type \(quoted(type))", detail: "update holdfast to read it")
        }
    }

    /// The blobs that a commit of this event must find, and that it uses from then on.
    public var blobs: [Digest] {
        switch self {
        case .taskFinished(let finished): finished.artifacts.map(\.digest)
        case .artifactSaved(let artifact): [artifact.digest]
        case .restored(let snapshot): snapshot.artifacts.map(\.digest)
        case .spilled(let spilled): [spilled.digest] + spilled.blobs
        default: []
        }
    }
}

extension InstanceID {
    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            try reader.required("task", reader.identifier), mapIndex: try reader.int("map_index").map(Int.init))
    }

    var jsonMembers: [String: JSONValue] {
        var members: [String: JSONValue] = ["task": .string(task.rawValue)]
        members["map_index"] = mapIndex.map { .int(Int64($0)) }
        return members
    }
}

extension RunCreated {
    var jsonMembers: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "dag": .string(dag.rawValue), "logical_date": .int(logicalDate.milliseconds),
        ]
        if trigger != "manual" { members["trigger"] = .string(trigger) }
        if !params.isEmpty { members["params"] = .object(params) }
        if !labels.isEmpty { members["labels"] = .object(labels.mapValues { .string($0) }) }
        if !metadata.isEmpty { members["metadata"] = .object(metadata) }
        members["definition"] = definition?.json
        members["workspace"] = workspace.map { .string($0.rawValue) }
        members["parent"] = parent.map { .string($0.rawValue) }
        members["working_dir"] = workingDirectory.map { .string($0) }
        return members
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            dag: try reader.required("dag", reader.identifier),
            definition: try reader.nested("definition", DAGDefinition.init),
            params: try reader.object("params") ?? [:], labels: try reader.strings("labels") ?? [:],
            trigger: try reader.string("trigger") ?? "manual",
            logicalDate: try reader.required("logical_date", reader.timestamp),
            workspace: try reader.identifier("workspace"), parent: try reader.identifier("parent"),
            workingDirectory: try reader.string("working_dir"), metadata: try reader.object("metadata") ?? [:])
    }
}

extension RunSnapshot {
    var jsonMembers: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "created": .object(created.jsonMembers), "state": .string(state.rawValue),
            "items": .object(Dictionary(uniqueKeysWithValues: items.map { ($0.key.rawValue, .array($0.value)) })),
            "instances": .array(instances.map { .object($0.jsonMembers) }),
            "xcoms": .array(xcoms.map { .object($0.jsonMembers) }),
            "artifacts": .array(artifacts.map(\.json)),
        ]
        members["started_at"] = startedAt.map { .int($0.milliseconds) }
        members["ended_at"] = endedAt.map { .int($0.milliseconds) }
        members["failure_reason"] = failureReason.map { .string($0) }
        if retryCount != 0 { members["retry_count"] = .int(Int64(retryCount)) }
        return members
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        var items: [TaskID: [JSONValue]] = [:]
        for (name, value) in try reader.object("items") ?? [:] {
            guard let task = TaskID(rawValue: name), let values = value.arrayValue else {
                throw reader.failure("items is no object of arrays by task")
            }
            items[task] = values
        }
        guard let created = try reader.nested("created", RunCreated.init) else {
            throw reader.failure("created is missing")
        }
        self.init(
            origin: try reader.required("type", reader.name), created: created,
            state: try reader.required("state", reader.name), startedAt: try reader.timestamp("started_at"),
            endedAt: try reader.timestamp("ended_at"), failureReason: try reader.string("failure_reason"),
            retryCount: try reader.int("retry_count").map(Int.init) ?? 0, items: items,
            instances: try reader.objects("instances", Instance.init), xcoms: try reader.objects("xcoms", XCom.init),
            artifacts: try reader.objects("artifacts", ArtifactReference.init))
    }
}

extension RunSnapshot.Instance {
    var jsonMembers: [String: JSONValue] {
        var members = id.jsonMembers
        members["state"] = .string(state.rawValue)
        members["try"] = .int(Int64(tryNumber))
        members["max_tries"] = maxTries.map { .int(Int64($0)) }
        members["exit_code"] = exitCode.map { .int(Int64($0)) }
        members["started_at"] = startedAt.map { .int($0.milliseconds) }
        members["ended_at"] = endedAt.map { .int($0.milliseconds) }
        members["error"] = error.map { .string($0) }
        return members
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            try InstanceID(reader), state: try reader.required("state", reader.name),
            tryNumber: try reader.int("try").map(Int.init) ?? 0, maxTries: try reader.int("max_tries").map(Int.init),
            exitCode: try reader.int("exit_code").map(Int.init), startedAt: try reader.timestamp("started_at"),
            endedAt: try reader.timestamp("ended_at"),
            error: try reader.string("error"))
    }
}

extension RunSnapshot.XCom {
    var jsonMembers: [String: JSONValue] {
        instance.jsonMembers.merging(
            ["key": .string(key), "value": value, "created_at": .int(createdAt.milliseconds)], uniquingKeysWith: { $1 })
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            instance: try InstanceID(reader), key: try reader.required("key", reader.string),
            value: reader.members["value"] ?? .null, createdAt: try reader.required("created_at", reader.timestamp))
    }
}

extension Claimed {
    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            worker: try reader.required("worker", reader.identifier), location: try reader.string("location"),
            takenOverFrom: try reader.identifier("taken_over_from"))
    }
}

extension Resumed {
    var jsonMembers: [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        members["definition"] = definition?.json
        if !params.isEmpty { members["params"] = .object(params) }
        if !inFlight.isEmpty { members["in_flight"] = .array(inFlight.map { .object($0.jsonMembers) }) }
        return members
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            definition: try reader.nested("definition", DAGDefinition.init), params: try reader.object("params") ?? [:],
            inFlight: try reader.objects("in_flight", InstanceID.init))
    }
}

extension TaskStarted {
    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            instance: try InstanceID(reader), tryNumber: Int(try reader.required("try", reader.int)),
            tryToken: try reader.required("try_token", reader.string))
    }
}

extension TaskFinished {
    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            instance: try InstanceID(reader), tryNumber: Int(try reader.required("try", reader.int)),
            state: try reader.required("state", reader.name), exitCode: try reader.int("exit_code").map(Int.init),
            error: try reader.string("error"), retryAt: try reader.timestamp("retry_at"),
            xcoms: try reader.object("xcoms") ?? [:],
            artifacts: try reader.objects("artifacts", ArtifactReference.init), cachedAs: try reader.digest("cached"))
    }
}

extension TaskDecided {
    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            instance: try InstanceID(reader), state: try reader.required("state", reader.name),
            reason: try reader.string("reason"))
    }
}

extension StepCompleted {
    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            task: try reader.required("task", reader.identifier), tryNumber: try reader.int("try").map(Int.init) ?? 1,
            value: reader.members["value"] ?? .null)
    }
}

extension ArtifactReference {
    var json: JSONValue { .object(jsonMembers) }

    var jsonMembers: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "key": .string(key.rawValue), "media_type": .string(mediaType), "digest": .string(digest.hexadecimal),
            "size": .int(size),
        ]
        members["task"] = task.map { .string($0.rawValue) }
        members["schema"] = schema.map { .string($0) }
        if !metadata.isEmpty { members["metadata"] = .object(metadata) }
        return members
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            key: try reader.required("key", reader.identifier), task: try reader.identifier("task"),
            mediaType: try reader.string("media_type") ?? "application/octet-stream",
            digest: try reader.required("digest", reader.digest), size: try reader.required("size", reader.int),
            schema: try reader.string("schema"), metadata: try reader.object("metadata") ?? [:])
    }
}

extension Spilled {
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "digest": .string(digest.hexadecimal), "size": .int(size), "first": .bool(isFirst),
            "blobs": .array(blobs.map { .string($0.hexadecimal) }),
        ]
        members["task"] = xcomTask.map { .string($0.rawValue) }
        return .object(members)
    }

    init(type: String, _ reader: ObjectReader) throws(StoreError) {
        self.init(
            type: type, digest: try reader.required("digest", reader.digest),
            size: try reader.required("size", reader.int), xcomTask: try reader.identifier("task"),
            isFirst: try reader.bool("first") ?? false,
            blobs: try reader.digests("blobs") ?? [])
    }
}
