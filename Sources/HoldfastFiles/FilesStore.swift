public import Holdfast
package import HoldfastLocal
import Synchronization

/// A store in a folder of plain files, whose truth is a journal of JSON lines.
///
/// Several processes may open the same folder, on one machine. Writes of all of them take turns; each waits at most
/// `StoreOptions.busyTimeout` and ends in `unavailable` then. Reads never wait for writes. File systems of other machines (NFS,
/// SMB and the like) are refused, as locks don't hold there.
public final class FilesStore: Store {
    /// As people know it from stores of plain files.
    public let defaultRetention = RetentionLimits(maxRunsPerDAG: 100, maxProcesses: 500)
    let folder: StoreFolder
    let options: StoreOptions
    let journal: Journal
    let liveness: Liveness
    let blobs: BlobFolder
    let bell: FeedBell
    let upkeep: Upkeep
    let blocking: BlockingWork
    private let line: CommitLine
    private let isClosed = Mutex(false)
    /// Shows the store as readable files; nil: nothing does.
    private let views = Mutex<ReadableFiles?>(nil)
    var readableFiles: ReadableFiles? { views.withLock { $0 } }

    /// Opens the folder, or makes it if `options.creates`.
    /// - Parameter path: relative to the working directory unless it begins with a slash.
    /// - Throws: `notFound` (missing, and not to be created), `notAStore` (a file, or somebody else's folder), `newerFormat`,
    ///   `unavailable` (no access; a network file system), `full`. Damage is no error: such a store can be read, and refuses
    ///   writes as `corrupt`.
    public convenience init(path: String, options: StoreOptions = StoreOptions()) async throws(StoreError) {
        try await self.init(path: path, options: options, on: LocalFileSystem())
    }

    package init(
        path: String, options: StoreOptions = StoreOptions(), on fileSystem: any FileSystem
    ) async throws(StoreError) {
        let blocking = BlockingWork(label: "holdfast.files.upkeep", width: 2)
        let opening = try Opening(path, options: options, on: fileSystem)
        let journal = try await blocking.run { () throws(StoreError) in try opening.open() }
        let folder = opening.folder
        liveness = Liveness(locks: try WorkerLocks(folder: folder.workers, on: fileSystem))
        blobs = try BlobFolder(folder: folder.blobs, on: fileSystem, clock: options.clock)
        let bell = FeedBell(interval: .milliseconds(5)) { { journal.words.load(Journal.Word.end) } }
        let committer = Committer(journal: journal, liveness: liveness, blobs: blobs, options: options)
        self.folder = folder
        self.options = options
        self.journal = journal
        self.blocking = blocking
        self.bell = bell
        let upkeep = try Upkeep(journal, options: options)
        self.upkeep = upkeep
        line = CommitLine(label: "holdfast.files.commit") { batch in
            bell.ring(committer.perform(batch.map { unsafeDowncast($0, to: WriteTicket.self) }))
            upkeep.lookAfterCommit()
        }
    }

    /// Opens `files:DIR`.
    public static let backend = StoreBackend(schemes: ["files"]) { path, options throws(StoreError) in
        let store = try await FilesStore(path: path, options: options)
        await store.showReadableFiles()
        return OpenedStore(store: store, logFolder: store.folder.logs, url: "files:\(store.folder.top)")
    }

    /// From now on the store's folder shows what it holds; `close` waits for what this process has written.
    package func showReadableFiles(configuration: ReadableFiles.Configuration = .init()) async {
        guard journal.recovery.damage == nil else { return }
        let files = ReadableFiles(self, folder: folder.root, on: journal.fileSystem, configuration: configuration)
        views.withLock { $0 = files }
        await files.start()
    }

    /// How many bytes of an interrupted write were cut off when this store was opened; 0: none.
    public var tornBytes: Int64 { journal.recovery.tornBytes }

    // MARK: - Writing

    public func commit(_ changeset: Changeset) async throws(StoreError) -> Receipt {
        let reply = try await perform(.commit(try EncodedChangeset(changeset)))
        guard case .receipt(let receipt) = reply else { preconditionFailure("a commit is answered by a receipt") }
        readableFiles?.committed(changeset, receipt)
        return receipt
    }

    public func claim(_ request: ClaimRequest) async throws(StoreError) -> [Lease] {
        try liveness.hold(request.worker)
        let reply = try await perform(.claim(request))
        guard case .leases(let leases) = reply else { preconditionFailure("a claim is answered by leases") }
        readableFiles?.claimed(leases)
        return leases
    }

    public func renew(_ request: RenewRequest) async throws(StoreError) -> Renewal {
        try liveness.hold(request.worker)
        let reply = try await perform(.renew(request))
        guard case .renewal(let renewal) = reply else { preconditionFailure("a renewal is answered by one") }
        return renewal
    }

    private func perform(_ request: WriteRequest) async throws(StoreError) -> WriteReply {
        let ticket = WriteTicket(request)
        guard await line.submit(ticket), let reply = ticket.reply else { throw closed }
        return try reply.get()
    }

    // MARK: - Reading

    /// Looks into the index, caught up with what others have written.
    /// - Throws: `unavailable` when the store was closed or the caller is cancelled.
    func read<Value: Sendable>(_ body: (inout Index) throws(StoreError) -> Value) throws(StoreError) -> Value {
        try checkOpen()
        try checkCancellation()
        defer { if journal.isBehindBase { upkeep.look() } }
        return try journal.read(body)
    }

    func checkOpen() throws(StoreError) {
        guard !isClosed.withLock({ $0 }) else { throw closed }
    }

    func checkCancellation() throws(StoreError) {
        guard Task.isCancelled else { return }
        throw StoreError(.unavailable, subject: folder.root, detail: "cancelled", cause: CancellationError())
    }

    private var closed: StoreError {
        StoreError(.unavailable, subject: folder.root, detail: "this store was closed")
    }

    // MARK: - Closing

    public func close() async throws(StoreError) {
        let shown = views.withLock { views in
            defer { views = nil }
            return views
        }
        await shown?.close()
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        await blobs.close()
        await line.close()
        guard !wasClosed else { return }
        bell.close()
        try await blocking.run { [journal, liveness, upkeep] () throws(StoreError) in
            upkeep.close()
            try journal.close()
            try liveness.releaseAll()
        }
    }
}
