// Artifacts that follow a schema, and messages.

extension ArtifactsView {
    /// Saves a message under a key, in place of an earlier artifact.
    ///
    /// The content is checked against the message's schema; `source`, `timestamp` and the message's id are also kept beside
    /// the bytes, for listings.
    /// - Throws: `notFound` for an unknown run or schema; `invalid` with every violation of the schema; and what saving
    ///   bytes throws.
    @discardableResult
    public func save(
        _ run: RunID, _ key: ArtifactKey, _ message: ArtifactMessage, task: TaskID? = nil
    ) async throws(StoreError) -> ArtifactReference {
        let subject = "artifact \(key) of run \(run)"
        var message = message
        message.run = run
        message.timestamp = message.timestamp ?? views.clock.now()
        if let problem = message.json.problem { throw StoreError(.invalid, subject: subject, detail: problem) }
        try await views.schemas.require(message.content, toSatisfy: message.schema, subject: subject)
        var metadata: [String: JSONValue] = ["message_id": .string(message.id)]
        metadata["source"] = message.source.map { .string($0) }
        metadata["timestamp"] = message.timestamp.map { .string($0.description) }
        return try await save(
            run, key, ByteStream(message.json.encoded()), mediaType: "application/json", task: task,
            labelled: message.schema.rawValue, metadata: metadata)
    }

    /// A message that was saved, or imported, under a key.
    /// - Throws: `notFound`; `invalid` when the artifact is no message.
    public func message(_ run: RunID, _ key: ArtifactKey) async throws(StoreError) -> ArtifactMessage {
        let json = try Self.parse(try await get(run, key), subject: "artifact \(key) of run \(run)")
        return try ArtifactMessage(json: json)
    }

    /// The bytes, once they are known to satisfy the schema.
    func checked(
        _ bytes: ByteStream, _ schema: SchemaID, subject: String
    ) async throws(StoreError) -> ByteStream {
        var content: [UInt8] = []
        do {
            for try await piece in bytes {
                content += piece
                guard content.count <= SchemasView.maximumArtifactSize else {
                    throw StoreError(
                        .tooLarge, subject: subject,
                        detail: "what is checked against a schema may have \(SchemasView.maximumArtifactSize) bytes")
                }
            }
        } catch {
            throw error as? StoreError ?? StoreError(.unavailable, subject: subject, cause: error)
        }
        let value = try Self.parse(content, subject: subject)
        try await views.schemas.require(value, toSatisfy: schema, subject: subject)
        return ByteStream(content)
    }

    private static func parse(_ bytes: [UInt8], subject: String) throws(StoreError) -> JSONValue {
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: bytes)
        } catch {
            throw StoreError(.invalid, subject: subject, detail: "it is no JSON: \(error)", cause: error)
        }
    }
}
