import Holdfast

/// A place in the source.
struct Place: Sendable, Hashable {
    var file: String
    var line: Int?
}

extension ImportReport.Rejection {
    init(_ place: Place, _ reason: String) { self.init(file: place.file, line: place.line, reason: reason) }
}

/// One record of the source, as ours.
enum ImportedRecord: Sendable {
    case run(ImportedRun)
    case dag(ImportedDAG)
    case cached(ImportedResponse)
    case process(ImportedProcess)
    case workspace(ImportedWorkspace)
}

/// A run of another system, ready to be created.
struct ImportedRun: Sendable {
    var place: Place
    var id: RunID
    var createdAt: Timestamp
    /// Its metadata are the user's own; its artifacts are in `files`.
    var snapshot: RunSnapshot
    var files: [ImportedFile] = []
    /// What is kept of the original, under `imported` in the metadata.
    var origin: Origin

    /// What the metadata say of where a record is from.
    struct Origin: Sendable {
        var format: RecordFormat
        var id: String
        var state: String?
        /// Which of the format's layouts, where it has several.
        var layout: String?
        /// The whole original: what a second import is compared by, and what remains after it was mapped.
        var record: JSONValue
    }
}

/// Bytes that become an artifact.
struct ImportedFile: Sendable {
    var reference: ArtifactReference
    var bytes: [UInt8]

    init(_ key: ArtifactKey, _ bytes: [UInt8], mediaType: String, metadata: [String: JSONValue] = [:]) {
        reference = ArtifactReference(
            key: key, mediaType: mediaType, digest: Digest(of: bytes), size: Int64(bytes.count), metadata: metadata)
        self.bytes = bytes
    }
}

/// A DAG of another system. What its tasks do is not in the record.
struct ImportedDAG: Sendable {
    var place: Place
    var definition: DAGDefinition
    var record: JSONValue
}
