#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
package import Holdfast

/// Content-addressed files: the blob of digest `abcdef…` is `<folder>/ab/cdef…`; files 0600, folders 0700.
///
/// A file appears under its name only whole and synced. Its modification time is when it was last written or asked to be
/// written, by the injected clock: the age that collection goes by. After a failed `fsync` every further write is
/// refused, because the kernel may report success for data that it has dropped.
package final class BlobFolder: Sendable {
    package let folder: String
    let fileSystem: any FileSystem
    private let clock: any WallClock
    let work = BlockingWork(label: "holdfast.blobs")
    /// Where those that are to be brought to the disk wait for each other.
    let queue: CommitQueue<IncomingBlob, Result<BlobReceipt, StoreError>>
    let syncing: BlobSyncing

    /// Makes the folder when it is missing.
    package init(
        folder: String, on fileSystem: any FileSystem = LocalFileSystem(), clock: any WallClock = SystemWallClock()
    ) throws(StoreError) {
        self.folder = folder
        self.fileSystem = fileSystem
        self.clock = clock
        let syncing = BlobSyncing(folder: folder, on: fileSystem)
        self.syncing = syncing
        queue = CommitQueue(
            label: "holdfast.blobs.commit", limits: Self.groupLimits, isHostedByCallers: false, cost: \.cost,
            closed: { .failure(StoreError(.unavailable, subject: folder, detail: "this store was closed")) },
            perform: syncing.bring)
        try mappingSystemErrors { () throws(SystemCallError) in
            try fileSystem.makeFolder(folder)
            try fileSystem.makeFolder(folder + "/" + Self.incoming)
        }
    }

    /// Refuses further writes and waits for those whose bytes are all there. Reading goes on. Again: no effect.
    package func close() async { await queue.close() }

    var now: Timestamp { clock.now() }

    /// Where files are until they are whole.
    static let incoming = "incoming"

    func subfolder(_ digest: Digest) -> String { "\(folder)/\(digest.hexadecimal.prefix(2))" }
    func path(_ digest: Digest) -> String { "\(subfolder(digest))/\(digest.hexadecimal.dropFirst(2))" }

    static func missing(_ digest: Digest, cause: (any Error)? = nil) -> StoreError {
        StoreError(.notFound, subject: "blob \(digest)", cause: cause)
    }

    // MARK: - Reading

    /// The bytes, or a range of them, clamped to the size. Deleting the blob doesn't disturb a reading that has begun.
    /// - Throws: `notFound`; the stream throws `unavailable` when the disk can't be read, `corrupt` when the file shrinks.
    package func read(_ digest: Digest, range: Range<Int64>? = nil) async throws(StoreError) -> ByteStream {
        let work = work
        let (file, size) = try await work.run { () throws(StoreError) in try self.open(digest) }
        let bounds = (range ?? 0..<size).clamped(to: 0..<size)
        return ByteStream {
            var offset = bounds.lowerBound
            return {
                guard offset < bounds.upperBound else { return nil }
                let count = min(Int(bounds.upperBound - offset), Self.pieceSize)
                let piece = try await work.run { [offset] () throws(StoreError) in
                    try mappingSystemErrors { () throws(SystemCallError) in try file.read(count, at: offset) }
                }
                guard piece.count == count else { throw Self.damaged(digest, "it became shorter while it was read") }
                offset += Int64(count)
                return piece
            }
        }
    }

    /// The whole blob.
    /// - Parameter verified: also hash it.
    /// - Throws: `notFound`, `unavailable`; `corrupt` when the digest is another one.
    package func readWhole(_ digest: Digest, verified: Bool = true) async throws(StoreError) -> [UInt8] {
        let bytes = try await read(digest).collect()
        guard verified else { return bytes }
        return try await work.run { () throws(StoreError) in
            guard Digest(of: bytes) == digest else { throw Self.damaged(digest, "its content has another SHA-256") }
            return bytes
        }
    }

    private func open(_ digest: Digest) throws(StoreError) -> (any OpenFile, Int64) {
        do {
            let file = try fileSystem.open(path(digest), .readOnly)
            return (file, try file.status().size)
        } catch {
            throw error.code == ENOENT ? Self.missing(digest, cause: error) : error.storeError
        }
    }

    private static func damaged(_ digest: Digest, _ detail: String) -> StoreError {
        StoreError(.corrupt, subject: "blob \(digest)", detail: detail)
    }

    /// Hashes the file piece by piece. Blocks the thread.
    /// - Throws: `notFound`, `unavailable`; `corrupt` when the digest is another one.
    package func verify(_ digest: Digest) throws(StoreError) {
        let (file, size) = try open(digest)
        var hasher = BlobDraft(incoming: folder, on: fileSystem)
        var offset: Int64 = 0
        while offset < size {
            let piece = try mappingSystemErrors { () throws(SystemCallError) in
                try file.read(Self.pieceSize, at: offset)
            }
            guard !piece.isEmpty else { throw Self.damaged(digest, "it became shorter while it was read") }
            hasher.hash(piece)
            offset += Int64(piece.count)
        }
        guard hasher.receipt(with: []).digest == digest else {
            throw Self.damaged(digest, "its content has another SHA-256")
        }
    }
}
