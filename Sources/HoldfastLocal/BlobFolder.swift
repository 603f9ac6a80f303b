#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
package import Holdfast
import Synchronization

/// Content-addressed files: the blob of digest `abcdef…` is `<folder>/ab/cdef…`; files 0600, folders 0700.
///
/// A file appears under its name only whole and synced. Its modification time is when it was last written or asked to be
/// written, by the injected clock: the age that collection goes by. After a failed `fsync` every further write is
/// refused, because the kernel may report success for data that it has dropped.
package final class BlobFolder: Sendable {
    package let folder: String
    let fileSystem: any FileSystem
    private let clock: any WallClock
    private let work = BlockingWork(label: "holdfast.blobs")
    /// Subfolders whose own entry this process knows to be on the disk.
    private let syncedSubfolders = Mutex<Set<String>>([])
    private let syncFailure = Mutex<StoreError?>(nil)

    private let syncing: Syncing

    /// Brings an open file or folder to the disk; tests put a faulty one in its place.
    typealias Syncing = @Sendable (any Syncable) throws(SystemCallError) -> Void

    /// Makes the folder when it is missing.
    package convenience init(
        folder: String, on fileSystem: any FileSystem = LocalFileSystem(), clock: any WallClock = SystemWallClock()
    ) throws(StoreError) {
        try self.init(folder: folder, on: fileSystem, clock: clock) { file throws(SystemCallError) in
            try file.sync()
        }
    }

    init(
        folder: String, on fileSystem: any FileSystem = LocalFileSystem(), clock: any WallClock,
        syncing: @escaping Syncing
    ) throws(StoreError) {
        self.folder = folder
        self.fileSystem = fileSystem
        self.clock = clock
        self.syncing = syncing
        try mappingSystemErrors { () throws(SystemCallError) in
            try fileSystem.makeFolder(folder)
            try fileSystem.makeFolder(folder + "/" + Self.incoming)
        }
    }

    var now: Timestamp { clock.now() }

    /// Where files are until they are whole.
    static let incoming = "incoming"

    func subfolder(_ digest: Digest) -> String { "\(folder)/\(digest.hexadecimal.prefix(2))" }
    func path(_ digest: Digest) -> String { "\(subfolder(digest))/\(digest.hexadecimal.dropFirst(2))" }

    static func missing(_ digest: Digest, cause: (any Error)? = nil) -> StoreError {
        StoreError(.notFound, subject: "blob \(digest)", cause: cause)
    }

    // MARK: - Writing

    static let pieceSize = 1 << 20

    /// Stores bytes; durable, file and folder, when it returns. What exists is not written again, its age is renewed.
    /// - Throws: `full`, `unavailable`; an error of the stream itself as it is if it is a `StoreError`, else as the cause of
    ///   `unavailable`. Nothing is stored then.
    @discardableResult
    package func write<Pieces: AsyncSequence>(
        _ pieces: Pieces
    ) async throws(StoreError) -> BlobReceipt where Pieces.Element == [UInt8] {
        var draft = BlobDraft(incoming: "\(folder)/\(Self.incoming)", on: fileSystem)
        var iterator = pieces.makeAsyncIterator()
        var pending: [UInt8] = []
        while let piece = try await Self.next(&iterator) {
            if pending.isEmpty { pending = piece } else { pending += piece }
            if pending.count >= Self.pieceSize {
                draft = try await work.run { [draft, pending] () throws(StoreError) in
                    try mappingSystemErrors { () throws(SystemCallError) in try draft.spilling(pending) }
                }
                pending = []
            }
        }
        return try await work.run { [draft, pending] () throws(StoreError) in try self.finish(draft, pending) }
    }

    private static func next<Iterator: AsyncIteratorProtocol>(
        _ iterator: inout Iterator
    ) async throws(StoreError) -> Iterator.Element? {
        do {
            return try await iterator.next(isolation: #isolation)
        } catch {
            throw error as? StoreError ?? StoreError(.unavailable, subject: "byte stream", cause: error)
        }
    }

    private func finish(_ draft: BlobDraft, _ rest: [UInt8]) throws(StoreError) -> BlobReceipt {
        if let failure = syncFailure.withLock({ $0 }) { throw failure }
        return try mappingSystemErrors { () throws(SystemCallError) in
            let receipt = draft.receipt(with: rest)
            let (subfolder, path) = (subfolder(receipt.digest), path(receipt.digest))
            try makeSubfolder(subfolder)
            if try !renew(path, size: receipt.size) {
                let file = try draft.file(with: rest)
                _ = try fileSystem.setModified(file.path, now)
                try sync(file.content)
                try fileSystem.move(file.path, to: path)
            }
            // Also for one that exists: who wrote it may not have come to this yet.
            try sync(fileSystem.open(folder: subfolder))
            return receipt
        }
    }

    /// False: there is none, or not a whole one.
    private func renew(_ path: String, size: Int64) throws(SystemCallError) -> Bool {
        guard let status = try fileSystem.status(path), status.size == size else { return false }
        return try fileSystem.setModified(path, now)
    }

    private func makeSubfolder(_ path: String) throws(SystemCallError) {
        if syncedSubfolders.withLock({ $0.contains(path) }) { return }
        if syncedSubfolders.withLock({ $0.isEmpty }) {
            for holder in try fileSystem.entryHolders(of: folder) { try sync(holder) }
        }
        try fileSystem.makeFolderInPlace(path)
        try sync(fileSystem.open(folder: folder))
        syncedSubfolders.withLock { _ = $0.insert(path) }
    }

    private func sync(_ file: any Syncable) throws(SystemCallError) {
        do {
            try syncing(file)
        } catch {
            let refusal = StoreError(
                .unavailable, subject: folder, detail: "an fsync failed; check the disk, then open the store again",
                cause: error)
            syncFailure.withLock { $0 = refusal }
            throw error
        }
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
