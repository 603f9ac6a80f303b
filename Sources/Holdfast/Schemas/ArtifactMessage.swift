/// An artifact that is a message from one task to others: content under a schema, and where it is from. Its bytes are the
/// whole message as JSON.
public struct ArtifactMessage: Sendable, Hashable {
    public var id: String
    public var content: JSONValue
    /// What the content satisfies.
    public var schema: SchemaID
    /// For whoever reads it; an object by custom.
    public var context: JSONValue?
    /// The run it was saved in; filled in when it is saved.
    public var run: RunID?
    /// Who made it.
    public var source: String?
    /// When it was made; filled in when it is saved, if it is nil.
    public var timestamp: Timestamp?
    /// What else there is to say, by name: `execution` and the like.
    public var extensions: [String: JSONValue]

    public init(
        id: String, content: JSONValue, schema: SchemaID, context: JSONValue? = nil, run: RunID? = nil,
        source: String? = nil, timestamp: Timestamp? = nil, extensions: [String: JSONValue] = [:]
    ) {
        self.id = id
        self.content = content
        self.schema = schema
        self.context = context
        self.run = run
        self.source = source
        self.timestamp = timestamp
        self.extensions = extensions
    }

    /// `id content schema{name,version} context run_id source timestamp extensions`; what is absent is left out.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id), "content": content,
            "schema": ["name": .string(schema.name), "version": .string(schema.version)],
        ]
        members["context"] = context
        members["run_id"] = run.map { .string($0.rawValue) }
        members["source"] = source.map { .string($0) }
        members["timestamp"] = timestamp.map { .string($0.description) }
        if !extensions.isEmpty { members["extensions"] = .object(extensions) }
        return .object(members)
    }

    /// - Throws: `invalid` when the value is no message.
    public init(json: JSONValue) throws(StoreError) {
        func failure(_ detail: String) -> StoreError { StoreError(.invalid, subject: "message", detail: detail) }
        guard let members = json.objectValue else { throw failure("it is no object") }
        guard let content = members["content"] else { throw failure("content is missing") }
        guard let id = members["id"]?.stringValue, let name = members["schema"]?["name"]?.stringValue,
            let version = members["schema"]?["version"]
        else { throw failure("id, schema.name and schema.version have to be there") }
        let time = members["timestamp"]?.stringValue
        let timestamp = time.flatMap { Timestamp($0) }
        guard time == nil || timestamp != nil else { throw failure("timestamp is no ISO 8601 time") }
        self.init(
            id: id, content: content, schema: try SchemaID(name: name, version: version.rawText),
            context: members["context"], run: members["run_id"]?.stringValue.flatMap(RunID.init(rawValue:)),
            source: members["source"]?.stringValue, timestamp: timestamp,
            extensions: members["extensions"]?.objectValue ?? [:])
    }
}
