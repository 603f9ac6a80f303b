// The stored form of what happens to processes.

extension ProcessAdded {
    var jsonMembers: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "id": .string(record.id.rawValue), "process_type": .string(record.type.rawValue),
            "status": .string(record.status.rawValue), "start_time": .int(record.startTime.milliseconds),
            "fields": .object(ProcessFields.json(record.fields.values)),
        ]
        members["workspace"] = record.workspace.map { .string($0.rawValue) }
        members["parent"] = record.parent.map { .string($0.rawValue) }
        members["run"] = record.run.map { .string($0.rawValue) }
        members["end_time"] = record.endTime.map { .int($0.milliseconds) }
        members["error"] = record.error.map { .string($0) }
        if !record.conversationTurns.isEmpty {
            members["turns"] = .array(record.conversationTurns.map { .object($0.members) })
        }
        return members
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        var turns: [ConversationTurn] = []
        for json in try reader.array("turns") ?? [] {
            guard case .object(let members) = json else { throw reader.failure("turns is no array of objects") }
            turns.append(ConversationTurn(members: members))
        }
        self.init(
            origin: try reader.required("type", reader.name),
            record: ProcessRecord(
                id: try reader.required("id", reader.identifier),
                type: try reader.required("process_type", reader.identifier),
                workspace: try reader.identifier("workspace"), parent: try reader.identifier("parent"),
                run: try reader.identifier("run"), status: try reader.required("status", reader.name),
                startTime: try reader.required("start_time", reader.timestamp),
                endTime: try reader.timestamp("end_time"), error: try reader.string("error"),
                fields: ProcessFields(try reader.processFields("fields")), conversationTurns: turns))
    }
}

extension ProcessChange {
    var jsonMembers: [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        var cleared: [JSONValue] = []
        members["status"] = status.map { .string($0.rawValue) }
        members["start_time"] = startTime.map { .int($0.milliseconds) }
        switch endTime {
        case .keep: break
        case .set(let time): members["end_time"] = .int(time.milliseconds)
        case .clear: cleared.append("end_time")
        }
        switch error {
        case .keep: break
        case .set(let text): members["error"] = .string(text)
        case .clear: cleared.append("error")
        }
        if !cleared.isEmpty { members["cleared"] = .array(cleared) }
        if isOwned { members["owned"] = true }
        return members
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        let cleared = try reader.stringArray("cleared") ?? []
        func change<Value>(_ name: String, _ value: Value?) -> SummaryUpdate.Change<Value> {
            value.map { .set($0) } ?? (cleared.contains(name) ? .clear : .keep)
        }
        self.init(
            status: try reader.name("status"), startTime: try reader.timestamp("start_time"),
            endTime: change("end_time", try reader.timestamp("end_time")),
            error: change("error", try reader.string("error")), isOwned: try reader.bool("owned") ?? false)
    }
}

extension TurnAppended {
    var jsonMembers: [String: JSONValue] {
        var members: [String: JSONValue] = ["turn": .object(turn.members)]
        members["stream"] = stream.map { .string($0) }
        return members
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            ConversationTurn(members: try reader.required("turn", reader.object)), stream: try reader.string("stream"))
    }
}

extension TurnPiece {
    var jsonMembers: [String: JSONValue] {
        ["stream": .string(stream), "role": .string(role), "text": .string(text)]
    }

    init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            stream: try reader.required("stream", reader.string), role: try reader.required("role", reader.string),
            text: try reader.required("text", reader.string))
    }
}

extension ObjectReader {
    /// Fields by name, null for one that is removed; names that this version does not know are left out.
    func processFields(_ name: String) throws(StoreError) -> [ProcessField: JSONValue] {
        var fields: [ProcessField: JSONValue] = [:]
        for (name, value) in try object(name) ?? [:] {
            if let field = ProcessField(rawValue: name) { fields[field] = value }
        }
        if let problem = ProcessFields.problem(in: fields) { throw failure("\(name): \(problem)") }
        return fields
    }
}
