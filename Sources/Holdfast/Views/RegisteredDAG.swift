/// A DAG as it is registered, with its versions.
public struct RegisteredDAG: Sendable, Hashable {
    /// One definition that was registered.
    public struct Version: Sendable, Hashable {
        public var digest: Digest
        /// The definition's `version:`.
        public var label: String?
        /// For the last time.
        public var registeredAt: Timestamp
        /// In how many records the definition is kept; 0: in one, as it is.
        var parts = 0
    }

    public let id: DAGID
    /// A paused DAG is not started by schedules and triggers.
    public internal(set) var isPaused: Bool
    /// Newest first; never empty. The first is the one in force.
    public internal(set) var versions: [Version]
    /// Of its record; 0 before it is put.
    var recordVersion: Int64 = 0

    public var current: Version { versions[0] }

    /// DAG JSON: the version in force, and all there are.
    public var outputJSON: JSONValue { .object(outputMembers) }

    /// DAG JSON with the definition.
    public func outputJSON(with definition: DAGDefinition) -> JSONValue {
        .object(outputMembers.merging(["definition": definition.json]) { $1 })
    }

    private var outputMembers: [String: JSONValue] {
        current.outputMembers.merging([
            "dag_id": .string(id.rawValue), "paused": .bool(isPaused),
            "versions": .array(versions.map { .object($0.outputMembers) }),
        ]) { $1 }
    }
}

extension RegisteredDAG.Version {
    fileprivate var outputMembers: [String: JSONValue] {
        ["version": .string(digest.hexadecimal), "label": output(label), "registered_at": output(registeredAt)]
    }
}

extension Page<RegisteredDAG> {
    public var outputJSON: JSONValue { outputJSON("dags", \.outputJSON) }
}

// MARK: - Record

extension RegisteredDAG {
    static let recordKind = "dag"

    var record: Record {
        let list = versions.map { version in
            JSONValue.object([
                "version": .string(version.digest.hexadecimal), "label": output(version.label),
                "registered_at": .int(version.registeredAt.milliseconds), "parts": output(version.parts),
            ])
        }
        return Record(
            kind: Self.recordKind, key: id.rawValue, body: ["paused": .bool(isPaused), "versions": .array(list)])
    }

    init(_ record: Record) throws(StoreError) {
        let reader = try ObjectReader(record.body, subject: "DAG record \(quoted(record.key))")
        var versions: [Version] = []
        for json in try reader.required("versions", reader.array) {
            let entry = try ObjectReader(json, subject: "DAG record \(quoted(record.key))")
            versions.append(
                Version(
                    digest: try entry.required("version", entry.digest), label: try entry.string("label"),
                    registeredAt: try entry.required("registered_at", entry.timestamp),
                    parts: Int(try entry.int("parts") ?? 0)))
        }
        guard !versions.isEmpty else { throw reader.failure("it has no version") }
        self.init(
            id: try DAGID(record.key), isPaused: try reader.bool("paused") ?? false, versions: versions,
            recordVersion: record.version)
    }
}

// MARK: - Definitions

/// A definition in records: whole, or in pieces when it is larger than one may be.
struct StoredDefinition {
    static let recordKind = "dag_definition"
    /// Bytes of a piece; as a JSON string it at most doubles.
    static let pieceSize = 256 * 1024

    let records: [Record]
    /// 0: whole.
    let parts: Int

    init(_ definition: DAGDefinition) {
        let key = Self.key(definition.name, definition.version)
        let json = definition.json
        let bytes = json.encoded()
        guard bytes.count > Record.maximumBodySize else {
            records = [Record(kind: Self.recordKind, key: key, body: json)]
            parts = 0
            return
        }
        let pieces = Record.pieces(of: bytes, size: Self.pieceSize)
        records = pieces.enumerated().map { index, piece in
            Record(kind: Self.recordKind, key: "\(key)/\(index)", body: .string(piece))
        }
        parts = pieces.count
    }

    static func key(_ id: DAGID, _ digest: Digest) -> String { "\(id)/\(digest)" }

    static func keys(_ id: DAGID, _ version: RegisteredDAG.Version) -> [String] {
        let key = key(id, version.digest)
        return version.parts == 0 ? [key] : (0..<version.parts).map { "\(key)/\($0)" }
    }
}
