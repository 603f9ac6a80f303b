import Foundation
import GRDB

/// The floor: what SQLite does at best when every row is a commit of its own, through the same binding.
final class RawCommits: RawFloor {
    private let database: DatabaseQueue
    private let body: String

    init(_ path: String, rowBytes: Int) throws {
        var configuration = Configuration()
        configuration.journalMode = .wal
        database = try DatabaseQueue(path: path, configuration: configuration)
        body = String(repeating: "x", count: rowBytes)
        try database.writeWithoutTransaction { db in
            // GRDB sets NORMAL for a WAL database when it opens it.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "CREATE TABLE step (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
        }
    }

    func rate(for duration: Duration) throws -> Double {
        try database.writeWithoutTransaction { db in
            let insert = try db.cachedStatement(sql: "INSERT INTO step (body) VALUES (?)")
            try insert.setArguments([body])
            let start = ContinuousClock.now
            var commits = 0
            while ContinuousClock.now - start < duration {
                try insert.execute()
                commits += 1
            }
            return Double(commits) / ((ContinuousClock.now - start) / .seconds(1))
        }
    }

    func close() throws { try database.close() }
}

/// Brings everything into the database file and cuts the log to nothing.
/// - Returns: the size of the database file in bytes.
func truncateLog(of path: String) throws -> Int {
    var configuration = Configuration()
    configuration.journalMode = .wal
    let database = try DatabaseQueue(path: path, configuration: configuration)
    _ = try database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    try database.close()
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.size] as? NSNumber)?.intValue ?? 0
}
