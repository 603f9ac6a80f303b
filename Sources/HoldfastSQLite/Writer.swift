import GRDB
import GRDBSQLite
import Holdfast
import HoldfastLocal
import Synchronization

/// The one door to the writing connection: takes the lock between processes, runs a transaction, and judges how it ended.
///
/// Everything that changes the file goes through here, checkpoints too: SQLite before 3.51.3 may damage the write-ahead log when
/// separate processes write and checkpoint at the same moment, so they share one lock.
final class Writer: @unchecked Sendable {
    // Unchecked: `work` is only touched on the queue of GRDB's writer.

    let path: String
    private let pool: DatabasePool
    private let lock: FileLock
    private let busyTimeout: Duration
    private var work: Work?
    private let refusal = Mutex<StoreError?>(nil)

    struct Work {
        let connection: WriteConnection
        let committer: Committer
        /// Pages of the log that are in the database file already.
        var copiedPages = 0
    }

    /// Pages of the log behind which it is copied into the database file.
    static let checkpointEvery = 2000

    init(
        pool: DatabasePool, path: String, lock: FileLock, busyTimeout: Duration,
        makeCommitter: (WriteConnection) -> Committer
    ) {
        self.path = path
        self.pool = pool
        self.lock = lock
        self.busyTimeout = busyTimeout
        work = pool.writeWithoutTransaction { database in
            let connection = WriteConnection(database)
            return Work(connection: connection, committer: makeCommitter(connection))
        }
    }

    /// Performs a batch in one transaction and leaves in each ticket what came of it. Blocks the thread.
    func perform(_ batch: [WriteTicket]) -> FeedBell.News {
        do throws(StoreError) {
            return try withWork { work throws(StoreError) in
                let committer = work.committer
                try transact(&work) { () throws(SQLiteFailure) in try committer.perform(batch) }
                return committer.news
            }
        } catch {
            for ticket in batch { ticket.reply = .failure(error) }
            return FeedBell.News()
        }
    }

    /// Runs `body` on the writing connection under the lock between processes. Blocks the thread.
    func withWork<Value>(_ body: (inout Work) throws(StoreError) -> Value) throws(StoreError) -> Value {
        if let refusal = refusal.withLock({ $0 }) { throw refusal }
        let result: Result<Value, StoreError> = pool.writeWithoutTransaction { _ in
            guard var work else { return .failure(Self.closed(path)) }
            self.work = nil
            defer { self.work = work }
            return Result { () throws(StoreError) in
                try lock.withExclusive(timeout: busyTimeout) { () throws(StoreError) in try body(&work) }
            }
        }
        return try result.get()
    }

    static func closed(_ path: String) -> StoreError {
        StoreError(.unavailable, subject: path, detail: "this store was closed")
    }

    // MARK: - Transactions

    /// Runs `body` in a transaction that nobody else's write can get into.
    func transact<Value>(
        _ work: inout Work, _ body: () throws(SQLiteFailure) -> Value
    ) throws(StoreError) -> Value {
        let value: Value
        do throws(SQLiteFailure) {
            try work.connection.run("BEGIN IMMEDIATE")
            value = try body()
        } catch {
            throw rollBack(work, error)
        }
        do throws(SQLiteFailure) {
            try work.connection.run("COMMIT")
        } catch {
            throw judgeCommit(work, error)
        }
        try checkpointIfLong(&work)
        return value
    }

    private func rollBack(_ work: Work, _ failure: SQLiteFailure) -> StoreError {
        work.committer.forget()
        if failure.isSyncFailure { refuseFurtherWrites(failure) }
        let error = failure.storeError(path)
        guard work.connection.isInTransaction else { return error }
        do throws(SQLiteFailure) {
            try work.connection.run("ROLLBACK")
        } catch {
            refuseFurtherWrites(error)
        }
        return error
    }

    /// A log that could not be extended holds no commit. After any other error the commit may be found in the log once it
    /// is read again, so nobody can say.
    private func judgeCommit(_ work: Work, _ failure: SQLiteFailure) -> StoreError {
        switch failure.primaryCode {
        case SQLITE_FULL, SQLITE_BUSY: return rollBack(work, failure)
        default:
            let error = rollBack(work, failure)
            refuseFurtherWrites(failure)
            return StoreError(
                .outcomeUnknown, subject: path, detail: "the commit failed on disk: \(error.detail ?? "no detail")",
                cause: error)
        }
    }

    private func refuseFurtherWrites(_ failure: SQLiteFailure) {
        let cause = failure.storeError(path)
        let error = StoreError(
            .unavailable, subject: path,
            detail: "a write to the disk failed; check the disk, then open the store again", cause: cause)
        refusal.withLock { $0 = $0 ?? error }
    }

    // MARK: - Checkpoints

    private func checkpointIfLong(_ work: inout Work) throws(StoreError) {
        let pages = work.connection.logPages
        // The log begins anew once all of it was copied and nobody reads in it.
        if pages < work.copiedPages { work.copiedPages = 0 }
        guard pages - work.copiedPages >= Self.checkpointEvery else { return }
        work.copiedPages = pages
        do throws(SQLiteFailure) {
            _ = try work.connection.checkpoint(.passive)
        } catch {
            // What was committed is safe in the log. When there is no space to copy it to, the next one tries again.
            if error.primaryCode != SQLITE_FULL { refuseFurtherWrites(error) }
        }
    }

    /// Copies the whole log and gives its space back, unless somebody is reading in it.
    func truncateLog(_ work: inout Work) throws(StoreError) {
        do throws(SQLiteFailure) {
            try work.connection.checkpoint(.truncate)
            work.copiedPages = 0
        } catch {
            if error.isSyncFailure { refuseFurtherWrites(error) }
            throw error.storeError(path)
        }
    }

    // MARK: - Closing

    /// Copies the log and closes all connections. Blocks the thread; again: no effect.
    func close() throws(StoreError) {
        do throws(StoreError) {
            try lock.withExclusive(timeout: busyTimeout) { () throws(StoreError) in try closeConnections() }
        } catch {
            guard error.code == .unavailable else { throw error }
            // Somebody else is writing and will copy the log; closing then does nothing to it.
            try closeConnections()
        }
    }

    private func closeConnections() throws(StoreError) {
        let failure: StoreError? = pool.writeWithoutTransaction { _ in
            guard var work else { return nil }
            self.work = nil
            do throws(StoreError) {
                if refusal.withLock({ $0 == nil }) { try truncateLog(&work) }
                return nil
            } catch {
                return error.code == .full ? nil : error
            }
        }
        do {
            try pool.close()
        } catch {
            throw SQLiteFailure(error).storeError(path)
        }
        if let failure { throw failure }
    }
}
