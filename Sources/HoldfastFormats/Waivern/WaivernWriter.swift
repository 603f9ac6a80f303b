import Foundation
import Holdfast

/// Writes `runs/<run>/` with its metadata, its state and its artifacts.
struct WaivernWriter {
    private let folder: ExportFolder
    private let store: any Store

    init(_ folder: ExportFolder, _ store: any Store) {
        self.folder = folder
        self.store = store
    }

    func add(_ run: ExportedRun, _ counts: inout ImportReport.Counts) async throws {
        let root = ["runs", run.id]
        try folder.write(run.record, to: root + ["_system", "metadata.json"])
        if let state = run.document[WaivernRun.stateSection] {
            try folder.write(state, to: root + ["_system", "state.json"])
        }
        let artifacts = run.run.fold.artifacts.values.filter { $0.key != OriginMetadata.artifactKey }
        for artifact in artifacts.sorted(by: { $0.key < $1.key }) {
            if let path = Self.path(of: artifact) {
                try await copy(artifact, to: root + path)
            } else {
                let names = artifact.key.rawValue.split(separator: "/").map(String.init)
                let file = root + ["artifacts"] + names.dropLast() + ["\(names.last ?? "").json"]
                try folder.write(try await message(of: artifact, run), to: file)
            }
        }
        counts.artifacts += artifacts.count
        for (key, own) in run.document[WaivernRun.cacheSection]?.objectValue ?? [:] {
            // One whose room was needed is gone, and the cache may have another run's in its place.
            guard let digest = Digest(hexadecimal: key),
                let response = try await store.cache.peek(CacheKey(digest: digest)),
                // Imports of an earlier version say only that there is one.
                own == true || own.stringValue == Digest(of: response.encoded()).hexadecimal
            else { continue }
            try folder.write(response, to: root + ["llm_cache", "\(key).json"])
            counts.cached += 1
        }
    }

    /// Where an imported file was, below its run.
    private static func path(of artifact: ArtifactReference) -> [String]? {
        guard let path = artifact.metadata["path"]?.stringValue, WaivernKeys.problem(with: path) == nil else {
            return nil
        }
        let names = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let folders = ["artifacts", "batch_jobs", "prepared", "_system"]
        let isPlain = names.allSatisfy { !$0.isEmpty && $0 != "." } && names.count > 1
        let isOurs = ["metadata.json", "state.json", "run.json"].contains(names.last) && names.first == "_system"
        return isPlain && !isOurs && folders.contains(names[0]) ? names : nil
    }

    private func copy(_ artifact: ArtifactReference, to names: [String]) async throws {
        let file = try folder.file(names)
        for try await piece in try await store.readBlob(artifact.digest, range: nil) { try file.write(piece) }
        try file.finish()
    }

    /// Bytes that are no message yet, as the content of one: JSON as it is, a text as a string, all else in base 64.
    private func message(of artifact: ArtifactReference, _ run: ExportedRun) async throws -> JSONValue {
        let bytes: [UInt8] = try await store.readBlob(artifact.digest)
        var context: [String: JSONValue] = ["media_type": .string(artifact.mediaType)]
        let content: JSONValue
        if let json = try? JSONFile.parse(bytes) {
            if json["content"] != nil, json["schema"] != nil { return json }
            content = json
        } else if let text = String(validating: bytes, as: UTF8.self) {
            content = .string(text)
        } else {
            content = .string(Data(bytes).base64EncodedString())
            context["encoding"] = "base64"
        }
        let schema = (artifact.schema ?? "artifact@1.0.0").split(separator: "@", maxSplits: 1).map(String.init)
        let ended = artifact.task.flatMap { run.run.fold.instance(InstanceID($0))?.endedAt }
        return [
            "id": .string(artifact.key.rawValue), "content": content,
            "schema": ["name": .string(schema[0]), "version": json(schema.count > 1 ? schema[1] : "1.0.0")],
            "context": .object(context), "run_id": .string(run.id), "source": json(artifact.task?.rawValue),
            "timestamp": json(ended ?? run.run.fold.updatedAt),
        ]
    }
}
