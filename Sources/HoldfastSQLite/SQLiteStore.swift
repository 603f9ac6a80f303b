import GRDB
public import Holdfast
import HoldfastLocal
import Synchronization

/// Keeps everything in one SQLite file, with blobs, logs and locks beside it. The usual store.
///
/// Several processes may open the same file, on one machine. Writes of all of them take turns; each waits at most
/// `StoreOptions.busyTimeout` and ends in `unavailable` then. Reads never wait for writes.
public final class SQLiteStore: Store {
    let files: StoreFiles
    let options: StoreOptions
    let pool: DatabasePool
    let tenant: Int64
    let writer: Writer
    let liveness: Liveness
    let blobs: BlobFolder
    let bell: FeedBell
    private let line: CommitLine
    private let blocking: BlockingWork
    private let isClosed = Mutex(false)

    /// Opens the file, makes it if `options.creates`, or brings an older one to the present format.
    /// - Parameter path: relative to the working directory unless it begins with a slash.
    /// - Throws: `notFound` (missing, and not to be created), `notAStore` (a folder, no database, or another program's),
    ///   `newerFormat`, `corrupt`, `unavailable`, `full`.
    public convenience init(path: String, options: StoreOptions = StoreOptions()) async throws(StoreError) {
        try await self.init(path: path, options: options, schema: .current, filing: Filing())
    }

    init(
        path: String, options: StoreOptions, schema: Schema = .current, filing: Filing = Filing()
    ) async throws(StoreError) {
        let files = try StoreFiles(path)
        let blocking = BlockingWork(label: "holdfast.sqlite.upkeep", width: 1)
        let opened = try await blocking.run { () throws(StoreError) in
            try Opening(files: files, options: options, schema: schema).open()
        }
        self.files = files
        self.blocking = blocking
        self.options = options
        pool = opened.pool
        tenant = opened.tenant
        liveness = Liveness(locks: try WorkerLocks(folder: files.workers))
        blobs = try BlobFolder(folder: files.blobs(options.tenant), clock: options.clock)
        let (liveness, blobs) = (liveness, blobs)
        let bell = FeedBell(path: files.database)
        let writer = Writer(
            pool: opened.pool, path: files.database, lock: opened.lock, busyTimeout: options.busyTimeout
        ) { connection in
            Committer(
                connection, tenant: opened.tenant, liveness: liveness, blobs: blobs, filing: filing,
                clock: options.clock)
        }
        self.bell = bell
        self.writer = writer
        line = CommitLine(label: "holdfast.sqlite.commit") { batch in
            bell.ring(writer.perform(batch.map { unsafeDowncast($0, to: WriteTicket.self) }))
        }
    }

    /// Opens `sqlite:PATH`.
    public static let backend = StoreBackend(schemes: ["sqlite"]) { path, options throws(StoreError) in
        let store = try await SQLiteStore(path: path, options: options)
        return OpenedStore(
            store: store, logFolder: store.files.logs(options.tenant), url: "sqlite:\(store.files.database)")
    }

    // MARK: - Writing

    public func commit(_ changeset: Changeset) async throws(StoreError) -> Receipt {
        let reply = try await perform(.commit(try EncodedChangeset(changeset)))
        guard case .receipt(let receipt) = reply else { preconditionFailure("a commit is answered by a receipt") }
        return receipt
    }

    public func claim(_ request: ClaimRequest) async throws(StoreError) -> [Lease] {
        try liveness.hold(request.worker)
        let reply = try await perform(.claim(request))
        guard case .leases(let leases) = reply else { preconditionFailure("a claim is answered by leases") }
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
        guard await line.submit(ticket), let reply = ticket.reply else { throw Writer.closed(files.database) }
        return try reply.get()
    }

    // MARK: - Reading

    /// Runs `body` in a read transaction of its own, on one of the reading connections and on the caller's thread: a page
    /// takes less time than two changes of threads.
    func read<Value>(
        _ body: (ReadConnection) throws(SQLiteFailure) -> Value
    ) throws(StoreError) -> Value {
        try checkOpen()
        do {
            try Task.checkCancellation()
            return try pool.read { try body(ReadConnection(database: $0)) }
        } catch {
            throw SQLiteFailure(error).storeError(files.database)
        }
    }

    /// The same for what takes long: on a thread of its own, and given up when the caller is cancelled.
    func readAtLength<Value: Sendable>(
        _ body: @Sendable (ReadConnection) throws(SQLiteFailure) -> Value
    ) async throws(StoreError) -> Value {
        try checkOpen()
        do {
            return try await pool.read { try body(ReadConnection(database: $0)) }
        } catch {
            throw SQLiteFailure(error).storeError(files.database)
        }
    }

    func checkOpen() throws(StoreError) {
        guard !isClosed.withLock({ $0 }) else { throw Writer.closed(files.database) }
    }

    /// Runs what blocks for long on a thread of its own.
    func runBlocking<Value: Sendable>(
        _ work: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try checkOpen()
        return try await blocking.run(work)
    }

    // MARK: - Closing

    public func close() async throws(StoreError) {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        await blobs.close()
        await line.close()
        guard !wasClosed else { return }
        bell.close()
        try await blocking.run { [writer, liveness] () throws(StoreError) in
            try writer.close()
            try liveness.releaseAll()
        }
    }
}
