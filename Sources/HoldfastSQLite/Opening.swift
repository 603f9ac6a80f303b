#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import GRDB
import Holdfast
import HoldfastLocal

/// Opens, makes or migrates a database file. Blocks the thread.
struct Opening {
    let files: StoreFiles
    let options: StoreOptions
    let schema: Schema

    struct Opened {
        var pool: DatabasePool
        var lock: FileLock
        var tenant: Int64
    }

    /// - Throws: `notFound`, `notAStore`, `newerFormat`, `corrupt`, `unavailable`, `full`.
    func open() throws(StoreError) -> Opened {
        let presence = try files.presence()
        // Before anything is put beside it: it may be somebody else's file. Where the lock is, a store was opened before, and
        // the look that is taken before anything is changed in the file is enough.
        var isNew = presence != .filled
        if !isNew, !files.hasLock { isNew = try examine() == .nothing }
        guard !isNew || options.creates else { throw notThere }
        if isNew { try files.makeFolder() }
        let lock = try FileLock(files.lock)
        return try lock.withExclusive(timeout: options.busyTimeout) { () throws(StoreError) in
            if presence == .missing { try files.makeDatabase() }
            let (pool, tenant) = try openAndPrepare()
            return Opened(pool: pool, lock: lock, tenant: tenant)
        }
    }

    private var notThere: StoreError {
        StoreError(.notFound, subject: files.database, detail: "there is no store")
    }

    private func openAndPrepare() throws(StoreError) -> (DatabasePool, Int64) {
        do {
            let pool = try openPool()
            return (pool, try pool.writeWithoutTransaction { try prepare($0) })
        } catch {
            throw failure(error)
        }
    }

    /// What the file holds, without changing it, unless a writer was killed in the middle of a change of it: then that is
    /// undone first, as by every program that opens it.
    private func examine() throws(StoreError) -> Schema.Content {
        do {
            return try examine(readonly: true)
        } catch {
            guard SQLiteFailure(error).primaryCode == ResultCode.SQLITE_READONLY.rawValue else { throw failure(error) }
        }
        do { return try examine(readonly: false) } catch { throw failure(error) }
    }

    private func examine(readonly: Bool) throws -> Schema.Content {
        var configuration = configuration
        configuration.readonly = readonly
        let queue = try DatabaseQueue(path: files.database, configuration: configuration)
        return try queue.read { try schema.content(of: $0, path: files.database) }
    }

    private func failure(_ error: any Error) -> StoreError {
        let failure = SQLiteFailure(error)
        guard failure.primaryCode == ResultCode.SQLITE_NOTADB.rawValue else {
            return failure.storeError(files.database)
        }
        return StoreError(
            .notAStore, subject: files.database, detail: "it is no SQLite database; choose another path", cause: error)
    }

    private var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "holdfast.sqlite"
        configuration.maximumReaderCount = 4
        // The store deletes in the right order itself; `maintain` checks the references.
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .callback(BusyPauses(options.busyTimeout).wait)
        return configuration
    }

    private func openPool() throws -> DatabasePool {
        var configuration = configuration
        let (schema, path) = (schema, files.database)
        configuration.prepareDatabase { [options, notThere] database in
            guard !database.configuration.readonly, try schema.content(of: database, path: path) == .nothing else {
                return
            }
            guard options.creates else { throw notThere }
            // Possible only before the first table.
            try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        }
        return try DatabasePool(path: path, configuration: configuration)
    }

    /// Prepares the writing connection.
    /// - Returns: the key of the tenant.
    private func prepare(_ database: Database) throws -> Int64 {
        // Here and not earlier: a pool sets NORMAL after `prepareDatabase`, which would silently win.
        try database.execute(sql: "PRAGMA synchronous = \(options.durability.rawValue)")
        try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
        try database.execute(sql: "PRAGMA cache_size = -16000")
        try schema.migrate(database, path: files.database)
        let tenant = options.tenant.rawValue
        let find = "SELECT key FROM tenant WHERE id = ?"
        if let key = try Int64.fetchOne(database, sql: find, arguments: [tenant]) { return key }
        try database.execute(sql: "INSERT INTO tenant (id) VALUES (?)", arguments: [tenant])
        return database.lastInsertedRowID
    }
}

/// What SQLite does while somebody who is no Holdfast has the database locked: random pauses, which share it fairly, and an
/// end to them.
struct BusyPauses: Sendable {
    private let attempts: Int

    init(_ timeout: Duration) { attempts = Int(timeout / Self.averagePause) }

    private static var averagePause: Duration { .microseconds(850) }

    @Sendable func wait(_ attempt: Int) -> Bool {
        guard attempt < attempts else { return false }
        usleep(UInt32.random(in: 200...1500))
        return true
    }
}
