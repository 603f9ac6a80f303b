import GRDB
import GRDBSQLite
import Holdfast

/// A connection that gives out prepared statements.
protocol SQLConnection {
    /// The statement of this text, which must not be in use.
    func prepared(_ sql: StaticString) throws(SQLiteFailure) -> SQLStatement
}

extension SQLConnection {
    /// The first column of the only row.
    func integer<each Value: SQLBindable>(
        _ sql: StaticString, _ values: repeat each Value
    ) throws(SQLiteFailure) -> Int64? {
        let statement = try prepared(sql)
        statement.bind(repeat each values)
        defer { statement.reset() }
        return try statement.step() ? statement.optionalInt(0) : nil
    }

    func run<each Value: SQLBindable>(_ sql: StaticString, _ values: repeat each Value) throws(SQLiteFailure) {
        try prepared(sql).run(repeat each values)
    }
}

/// One of GRDB's readers during one read transaction.
struct ReadConnection: SQLConnection {
    let database: Database

    func prepared(_ sql: StaticString) throws(SQLiteFailure) -> SQLStatement { try prepared(text: "\(sql)") }

    /// - Parameter copy: tells statements of one text apart that are in use at the same time.
    func prepared(text sql: String, copy: Int = 0) throws(SQLiteFailure) -> SQLStatement {
        do {
            let text = copy == 0 ? sql : sql + " /* \(copy) */"
            return SQLStatement(try database.cachedStatement(sql: text))
        } catch {
            throw SQLiteFailure(error)
        }
    }
}

/// GRDB's writer, with the statements it keeps and the length of its write-ahead log. Confined to the writer's queue.
final class WriteConnection: SQLConnection {
    private let database: Database
    private let handle: OpaquePointer?
    private var statements: [UnsafePointer<UInt8>: SQLStatement] = [:]
    /// Pages in the write-ahead log after the last commit.
    private(set) var logPages = 0

    init(_ database: Database) {
        self.database = database
        handle = database.sqliteConnection
        // Also what keeps SQLite from checkpointing by itself.
        _ = sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                Unmanaged<WriteConnection>.fromOpaque(context).takeUnretainedValue().logPages = Int(pages)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { _ = sqlite3_wal_hook(handle, nil, nil) }

    func prepared(_ sql: StaticString) throws(SQLiteFailure) -> SQLStatement {
        if let statement = statements[sql.utf8Start] { return statement }
        do {
            let statement = SQLStatement(try database.makeStatement(sql: "\(sql)"))
            statements[sql.utf8Start] = statement
            return statement
        } catch {
            throw SQLiteFailure(error)
        }
    }

    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    enum CheckpointMode {
        /// As far as readers allow, without waiting for any.
        case passive
        /// Waits for readers, then gives the log's space back.
        case truncate
    }

    /// Copies the log into the database file.
    /// - Returns: whether all of it was copied.
    @discardableResult
    func checkpoint(_ mode: CheckpointMode) throws(SQLiteFailure) -> Bool {
        var (pages, copied): (Int32, Int32) = (0, 0)
        let code = sqlite3_wal_checkpoint_v2(
            handle, "main", mode == .passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE, &pages, &copied)
        guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else { throw SQLiteFailure(handle, code: code) }
        logPages = Int(pages - copied)
        return code == SQLITE_OK && pages == copied
    }
}
