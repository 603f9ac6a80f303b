import GRDB
import Holdfast

/// What a file must be to be a store, and how one becomes a store of the present version.
struct Schema: Sendable {
    /// `Hfst`, in the header of the file.
    static let applicationID: Int64 = 0x4866_7374

    /// The n-th makes version n out of version n - 1.
    var migrations: [[UInt8]]

    static let current = Schema(migrations: [
        PackageResources.v001_histories_sql, PackageResources.v002_places_sql, PackageResources.v003_fewer_indexes_sql,
        PackageResources.v004_fewer_pages_sql,
    ])

    var version: Int64 { Int64(migrations.count) }

    enum Content: Sendable, Equatable {
        /// Without tables, as a new file is, or one whose creation was interrupted.
        case nothing
        case store(version: Int64)
    }

    /// - Throws: `notAStore`, `newerFormat`.
    func content(of database: Database, path: String) throws -> Content {
        let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let stored = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let objects = try Int64.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        guard application == Self.applicationID else {
            guard application == 0, objects == 0 else {
                throw StoreError(.notAStore, subject: path, detail: "it is the database of another program")
            }
            return .nothing
        }
        guard stored <= version else {
            throw StoreError(
                .newerFormat, subject: path,
                detail: "its format is \(stored), this program knows up to \(version); update holdfast")
        }
        return .store(version: stored)
    }

    /// Brings the file to the present version, each step in a transaction of its own. Under the store's lock.
    func migrate(_ database: Database, path: String) throws {
        var reached: Int64 = 0
        if case .store(let version) = try content(of: database, path: path) { reached = version }
        for (index, sql) in migrations.enumerated().dropFirst(Int(reached)) {
            try database.inTransaction(.immediate) {
                try database.execute(sql: String(decoding: sql, as: UTF8.self))
                try database.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
                try database.execute(sql: "PRAGMA user_version = \(index + 1)")
                return .commit
            }
        }
    }
}
