/// The name and version of a schema: two ids joined by `@`, such as `order@1.2.0`.
public struct SchemaID: Identifier {
    public static let noun = "schema"
    public static let rule =
        "write name@version, each 1 to 128 of A-Z a-z 0-9 . _ - and beginning with a letter or a digit"
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }

    /// - Throws: `invalid` when one of the two is no id.
    public init(name: String, version: String) throws(StoreError) { try self.init("\(name)@\(version)") }

    public static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { TaskID.isValid(String($0)) }
    }

    public var name: String { part(0) }
    public var version: String { part(1) }

    private func part(_ index: Int) -> String {
        let parts = rawValue.split(separator: "@", omittingEmptySubsequences: false)
        return parts.indices.contains(index) ? String(parts[index]) : ""
    }
}

/// A schema as it is registered. It never changes under its name and version.
public struct RegisteredSchema: Sendable, Hashable {
    public let id: SchemaID
    public let document: JSONValue
    /// Of the document's compact JSON.
    public let digest: Digest
    public let registeredAt: Timestamp

    public var outputJSON: JSONValue { .object(outputMembers) }

    /// With the document.
    public var outputJSONWithDocument: JSONValue { .object(outputMembers.merging(["schema": document]) { $1 }) }

    private var outputMembers: [String: JSONValue] {
        [
            "schema_id": .string(id.rawValue), "name": .string(id.name), "version": .string(id.version),
            "title": document["title"] ?? .null, "digest": .string(digest.hexadecimal),
            "registered_at": output(registeredAt),
        ]
    }
}

extension Page<RegisteredSchema> {
    public var outputJSON: JSONValue { outputJSON("schemas", \.outputJSON) }
}

// MARK: - Record

extension RegisteredSchema {
    static let recordKind = "schema"
    /// Remembers the digest of what was deleted: its name and version can only come back with the same content.
    static let deletedKind = "schema_deleted"

    var record: Record {
        Record(
            kind: Self.recordKind, key: id.rawValue,
            body: [
                "schema": document, "digest": .string(digest.hexadecimal),
                "registered_at": .int(registeredAt.milliseconds),
            ])
    }

    init(_ record: Record) throws(StoreError) {
        let reader = try ObjectReader(record.body, subject: "schema record \(quoted(record.key))")
        guard let document = reader.members["schema"] else { throw reader.failure("schema is missing") }
        self.init(
            id: try SchemaID(record.key), document: document, digest: try reader.required("digest", reader.digest),
            registeredAt: try reader.required("registered_at", reader.timestamp))
    }
}
