import Holdfast

/// The member `imported` of the metadata: where a record is from, and what of it our record does not say.
struct OriginMetadata: Sendable {
    static let name = "imported"
    /// What is larger is kept as an artifact, as every listing reads the metadata.
    static let maximumSize = 16 * 1024
    static let artifactKey = ArtifactKey(unchecked: "imported/record.json")

    /// `format id state layout digest`, and the members of a `Remainder`, or the key of the artifact that holds them.
    var members: [String: JSONValue]

    var format: RecordFormat? { members["format"]?.stringValue.flatMap(RecordFormat.init) }
    var layout: String? { members["layout"]?.stringValue }
    var digest: String? { members["digest"]?.stringValue }
    /// Where the remainder is, when it is not here.
    var remainderKey: ArtifactKey? { members["record"]?.stringValue.flatMap(ArtifactKey.init(rawValue:)) }

    var remainder: [String: JSONValue] { members.filter { Self.remainderNames.contains($0.key) } }

    private static let remainderNames: Set<String> = ["fields", "absent", "inside", "value"]

    init?(_ metadata: [String: JSONValue]) {
        guard let members = metadata[Self.name]?.objectValue else { return nil }
        self.members = members
    }

    init(_ origin: ImportedRun.Origin, digest: Digest, remainder: [String: JSONValue]) {
        members = remainder
        members["format"] = .string(origin.format.rawValue)
        members["id"] = .string(origin.id)
        members["state"] = origin.state.map { .string($0) }
        members["layout"] = origin.layout.map { .string($0) }
        members["digest"] = .string(digest.hexadecimal)
    }

    /// Takes the remainder out when it is large.
    /// - Returns: the bytes for the artifact.
    mutating func spill() -> [UInt8]? {
        let remainder = remainder
        let bytes = JSONValue.object(remainder).encoded()
        guard bytes.count > Self.maximumSize else { return nil }
        members = members.filter { remainder[$0.key] == nil }
        members["record"] = .string(Self.artifactKey.rawValue)
        return bytes
    }
}
