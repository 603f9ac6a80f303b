/// The data that runs produced: (run, key) → media type, digest, bytes.
public struct ArtifactsView: Sendable {
    let views: Views
    var store: any Store { views.store }

    init(_ views: Views) { self.views = views }
}

// MARK: - Writing

extension ArtifactsView {
    /// Saves bytes under a key, in place of earlier ones.
    /// - Parameters:
    ///   - task: who left it, if a task did.
    ///   - schema: `name@version` of a registered schema, which the bytes have to satisfy: JSON of 32 MiB at most.
    /// - Throws: `illegalTransition` when the key is a folder of another or the other way round; `leaseHeld` while another
    ///   worker holds the run; `notFound`, also for the schema; `full`; `invalid` for bytes that are no JSON or break the
    ///   schema, with the pointer of every violation (and `SchemaViolations` as the cause).
    @discardableResult
    public func save(
        _ run: RunID, _ key: ArtifactKey, _ bytes: ByteStream, mediaType: String = "application/octet-stream",
        task: TaskID? = nil, schema: String? = nil, metadata: [String: JSONValue] = [:]
    ) async throws(StoreError) -> ArtifactReference {
        guard let schema else {
            return try await save(
                run, key, bytes, mediaType: mediaType, task: task, labelled: nil, metadata: metadata)
        }
        let checked = try await checked(bytes, try SchemaID(schema), subject: "artifact \(key) of run \(run)")
        return try await save(
            run, key, checked, mediaType: mediaType, task: task, labelled: schema, metadata: metadata)
    }

    /// Saves bytes that are known to satisfy the schema, if one is named.
    func save(
        _ run: RunID, _ key: ArtifactKey, _ bytes: ByteStream, mediaType: String, task: TaskID?,
        labelled schema: String?, metadata: [String: JSONValue]
    ) async throws(StoreError) -> ArtifactReference {
        _ = try await store.summary(of: .run(run))
        let blob = try await store.writeBlob(bytes)
        let artifact = ArtifactReference(
            key: key, task: task, mediaType: mediaType, digest: blob.digest, size: blob.size, schema: schema,
            metadata: metadata)
        try await RunWriter.write(run, views) { _ in [.artifactSaved(artifact)] }
        return artifact
    }

    /// Saves bytes that are at hand.
    @discardableResult
    public func save(
        _ run: RunID, _ key: ArtifactKey, _ bytes: [UInt8], mediaType: String = "application/octet-stream",
        task: TaskID? = nil, schema: String? = nil, metadata: [String: JSONValue] = [:]
    ) async throws(StoreError) -> ArtifactReference {
        try await save(
            run, key, ByteStream(bytes), mediaType: mediaType, task: task, schema: schema, metadata: metadata)
    }

    /// Removes an artifact; that there is none is no error.
    /// - Returns: whether there was one.
    /// - Throws: `leaseHeld` while another worker holds the run, `notFound` for an unknown run.
    @discardableResult
    public func delete(_ run: RunID, _ key: ArtifactKey) async throws(StoreError) -> Bool {
        var isThere = false
        try await RunWriter.write(run, views) { fold throws(StoreError) in
            isThere = fold.artifacts[key] != nil
            return isThere ? [.artifactDeleted(key)] : []
        }
        return isThere
    }

    /// Removes all artifacts of a run whose key begins so.
    /// - Returns: how many there were.
    /// - Throws: `leaseHeld` while another worker holds the run, `notFound` for an unknown run.
    @discardableResult
    public func clear(_ run: RunID, prefix: String = "") async throws(StoreError) -> Int {
        var count = 0
        try await RunWriter.write(run, views) { fold throws(StoreError) in
            let keys = fold.artifacts.keys.filter { $0.rawValue.hasPrefix(prefix) }.sorted()
            count = keys.count
            return keys.map { .artifactDeleted($0) }
        }
        return count
    }
}

// MARK: - Reading

extension ArtifactsView {
    /// Those of a run whose key begins so, by key.
    /// - Throws: `notFound`.
    public func list(_ run: RunID, prefix: String = "") async throws(StoreError) -> [ArtifactReference] {
        try await store.fold(run).artifacts.values.filter { $0.key.rawValue.hasPrefix(prefix) }.sorted {
            $0.key < $1.key
        }
    }

    public func exists(_ run: RunID, _ key: ArtifactKey) async throws(StoreError) -> Bool {
        try await store.fold(run).artifacts[key] != nil
    }

    /// What is known of an artifact beside its bytes.
    /// - Throws: `notFound`, with a similar key if there is one.
    public func reference(_ run: RunID, _ key: ArtifactKey) async throws(StoreError) -> ArtifactReference {
        let artifacts = try await store.fold(run).artifacts
        if let artifact = artifacts[key] { return artifact }
        throw StoreError(
            .notFound, subject: "artifact \(key) of run \(run)",
            detail: Spelling.nearest(to: key.rawValue, in: artifacts.keys.map(\.rawValue)).map { "did you mean \($0)?" }
        )
    }

    /// The bytes.
    /// - Throws: `notFound`.
    public func get(_ run: RunID, _ key: ArtifactKey) async throws(StoreError) -> [UInt8] {
        try await stream(run, key).collect()
    }

    /// The bytes, or a range of them (clamped to the size), in pieces.
    /// - Throws: `notFound`, here or while it is read.
    public func stream(
        _ run: RunID, _ key: ArtifactKey, range: Range<Int64>? = nil
    ) async throws(StoreError) -> ByteStream {
        try await store.readBlob(try await reference(run, key).digest, range: range)
    }
}
