/// The stored form of a payload: one compact JSON object whose first member is `type`.
///
/// Backends keep these bytes as they are, and show them to people; unknown members are ignored when they are read, an
/// unknown type is refused as `newerFormat`.
package enum EventCodec {
    /// A larger payload is refused by `commit` as `tooLarge`; `Store.commitSpilling` puts it in a blob first.
    package static let inlineLimit = 64 * 1024

    /// What may stand for a payload in a blob: it names every blob that the payload names, about 60,000 of them.
    package static let referenceLimit = 4 * 1024 * 1024

    /// Refuses what is too large to be kept in a history.
    /// - Throws: `tooLarge`.
    package static func check(_ encoded: [UInt8], of payload: EventPayload, in history: HistoryID) throws(StoreError) {
        let isReference = if case .spilled = payload { true } else { false }
        guard encoded.count > (isReference ? referenceLimit : inlineLimit) else { return }
        throw StoreError(
            .tooLarge, subject: "\(history), event of type \(payload.type)",
            detail: isReference ? "it names too many blobs: at most 4 MiB" : "at most 64 KiB; put it in a blob")
    }

    /// How many objects and arrays a payload has around a value, at the most: a definition's `foreach` in a snapshot.
    private static let wrappingDepth = 16

    package static func encode(_ payload: EventPayload) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        writer.value(payload.type)
        payload.writeMembers(to: &writer)
        writer.endObject()
        return writer.bytes
    }

    package static func decode(_ bytes: [UInt8]) throws(StoreError) -> EventPayload {
        let result = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(StoreError) in try decode(buffer) }
        }
        return try result.get()
    }

    package static func decode(_ bytes: UnsafeBufferPointer<UInt8>) throws(StoreError) -> EventPayload {
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try parse(bytes)
        } catch {
            throw StoreError(.corrupt, subject: "event payload", detail: error.description, cause: error)
        }
        return try EventPayload(json: json)
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONSyntaxError) -> JSONValue {
        try JSONValue(parsing: bytes, maximumDepth: JSONValue.maximumDepth + wrappingDepth)
    }

    fileprivate static func parse(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSONValue {
        let result = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(JSONSyntaxError) in try parse(buffer) }
        }
        return try result.get()
    }
}

extension EventPayload {
    /// The name of this kind of event in every stored and printed form.
    public var type: String {
        switch self {
        case .created: "created"
        case .restored(let snapshot): snapshot.origin.rawValue
        case .claimed(let claimed): claimed.takenOverFrom == nil ? "claimed" : "taken_over"
        case .started: "started"
        case .resumed: "resumed"
        case .interrupted: "interrupted"
        case .finished: "finished"
        case .taskExpanded: "task_expanded"
        case .taskStarted: "task_started"
        case .taskFinished: "task_finished"
        case .taskDecided: "task_decided"
        case .taskMarked: "task_marked"
        case .stepCompleted: "step"
        case .xcomSet: "xcom_set"
        case .xcomDeleted: "xcom_deleted"
        case .artifactSaved: "artifact_saved"
        case .artifactDeleted: "artifact_deleted"
        case .cancelRequested: "cancel_requested"
        case .markRequested: "mark_requested"
        case .signalled: "signal"
        case .pinned: "pinned"
        case .metadataChanged: "metadata"
        case .processAdded(let added): added.origin.rawValue
        case .processChanged: "process_changed"
        case .processUpdated: "process_updated"
        case .turnAppended: "turn"
        case .turnStreamed: "turn_piece"
        case .spilled(let spilled): spilled.type
        }
    }

    /// The payload as people and programs see it: what is stored, as a value.
    public var json: JSONValue {
        do {
            return try EventCodec.parse(EventCodec.encode(self))
        } catch {
            preconditionFailure("the codec wrote no JSON: \(error)")
        }
    }

    fileprivate func writeMembers(to writer: inout JSONWriter) {
        switch self {
        case .created(let created): writer.members(created.jsonMembers)
        case .restored(let snapshot): writer.members(snapshot.jsonMembers)
        case .claimed(let claimed):
            writer.member("worker", claimed.worker.rawValue)
            writer.member("location", claimed.location)
            writer.member("taken_over_from", claimed.takenOverFrom?.rawValue)
        case .started: break
        case .resumed(let resumed): writer.members(resumed.jsonMembers)
        case .interrupted(let reason): writer.member("reason", reason)
        case .finished(let state, let reason):
            writer.member("state", state.rawValue)
            writer.member("reason", reason)
        case .taskExpanded(let task, let items):
            writer.member("task", task.rawValue)
            writer.member("items", JSONValue.array(items))
        case .taskStarted(let started):
            writer.instance(started.instance)
            writer.member("try", Int64(started.tryNumber))
            writer.member("try_token", started.tryToken)
        case .taskFinished(let finished): finished.write(to: &writer)
        case .taskDecided(let decided), .taskMarked(let decided), .markRequested(let decided):
            writer.instance(decided.instance)
            writer.member("state", decided.state.rawValue)
            writer.member("reason", decided.reason)
        case .stepCompleted(let step):
            writer.member("task", step.task.rawValue)
            if step.tryNumber != 1 { writer.member("try", Int64(step.tryNumber)) }
            writer.member("value", step.value)
        case .xcomSet(let instance, let key, let value):
            writer.instance(instance)
            writer.member("key", key)
            writer.member("value", value)
        case .xcomDeleted(let instance, let key):
            writer.instance(instance)
            writer.member("key", key)
        case .artifactSaved(let artifact): writer.members(artifact.jsonMembers)
        case .artifactDeleted(let key): writer.member("key", key.rawValue)
        case .cancelRequested(let reason): writer.member("reason", reason)
        case .signalled(let name, let value):
            writer.member("name", name)
            writer.member("value", value)
        case .pinned(let pinned): writer.member("pinned", .bool(pinned))
        case .metadataChanged(let changes): writer.member("metadata", .object(changes))
        case .processAdded(let added): writer.members(added.jsonMembers)
        case .processChanged(let change): writer.members(change.jsonMembers)
        case .processUpdated(let fields): writer.member("fields", .object(ProcessFields.json(fields)))
        case .turnAppended(let appended): writer.members(appended.jsonMembers)
        case .turnStreamed(let piece): writer.members(piece.jsonMembers)
        case .spilled(let spilled): writer.member("spilled", spilled.json)
        }
    }
}

extension TaskFinished {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.instance(instance)
        writer.member("try", Int64(tryNumber))
        writer.member("state", state.rawValue)
        if let exitCode { writer.member("exit_code", Int64(exitCode)) }
        writer.member("error", error)
        if let retryAt { writer.member("retry_at", retryAt.milliseconds) }
        if !xcoms.isEmpty { writer.member("xcoms", .object(xcoms)) }
        if !artifacts.isEmpty { writer.member("artifacts", .array(artifacts.map(\.json))) }
        writer.member("cached", cachedAs?.hexadecimal)
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ text: String) {
        key(name)
        value(text)
    }

    fileprivate mutating func member(_ name: String, _ text: String?) {
        if let text { member(name, text) }
    }

    fileprivate mutating func member(_ name: String, _ number: Int64) {
        key(name)
        value(number)
    }

    fileprivate mutating func member(_ name: String, _ json: JSONValue) {
        key(name)
        json.write(to: &self)
    }

    fileprivate mutating func members(_ members: [String: JSONValue]) {
        for (name, json) in members.sorted(by: { $0.key < $1.key }) { member(name, json) }
    }

    fileprivate mutating func instance(_ instance: InstanceID) {
        member("task", instance.task.rawValue)
        if let mapIndex = instance.mapIndex { member("map_index", Int64(mapIndex)) }
    }
}
