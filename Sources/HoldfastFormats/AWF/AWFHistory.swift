import Foundation
import GRDB
import Holdfast

/// `history.db`, read from a copy: opening a database, even only to read, may write beside it.
final class AWFHistory {
    static let layout = "history.db"

    private let folder: URL
    private let queue: DatabaseQueue

    /// - Throws: when it is no database with `execution_records`.
    init(_ path: String) throws(Refusal) {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("holdfast-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let copy = folder.appendingPathComponent("history.db")
            for suffix in ["", "-wal", "-journal"] where FileManager.default.fileExists(atPath: path + suffix) {
                try FileManager.default.copyItem(
                    at: URL(fileURLWithPath: path + suffix), to: URL(fileURLWithPath: copy.path + suffix))
            }
            queue = try DatabaseQueue(path: copy.path)
            guard try queue.read({ try $0.tableExists("execution_records") }) else {
                throw Refusal("it has no table execution_records")
            }
        } catch {
            Self.remove(folder)
            throw error as? Refusal ?? Refusal("it is no SQLite database that can be read: \(Self.text(error))")
        }
    }

    deinit { Self.remove(folder) }

    private static func text(_ error: any Error) -> String {
        (error as? DatabaseError).flatMap(\.message) ?? error.localizedDescription
    }

    /// What can't be removed is the system's to tidy up, as the rest of its temporary folder.
    private static func remove(_ folder: URL) { try? FileManager.default.removeItem(at: folder) }

    /// A page of rows in their order, each with whether it is the earliest about its workflow, or why it can't be read.
    struct Entry {
        let rowID: Int64
        let isFirst: Bool
        let row: Result<AWFExecution, Refusal>
    }

    /// - Parameter rowID: of the last entry before.
    func entries(after rowID: Int64) throws(Refusal) -> [Entry] {
        try read(
            """
            SELECT e.rowid AS "$rowid",
                NOT EXISTS (SELECT 1 FROM temp.later l WHERE l.id = e.rowid) AS "$first", e.*
            FROM execution_records e WHERE e.rowid > ? ORDER BY e.rowid LIMIT 1000
            """, [rowID])
    }

    /// The rows about one workflow.
    func entries(ofWorkflow id: String) throws(Refusal) -> [Entry] {
        try read(
            """
            SELECT e.rowid AS "$rowid", 0 AS "$first", e.* FROM execution_records e
            WHERE e.rowid IN (SELECT n.id FROM temp.named n WHERE n.workflow = ?) ORDER BY e.rowid
            """, [id])
    }

    /// Notes which rows are about which workflow, and which of them have an earlier one: by their times and ids, as a database
    /// that was written anew has its rows in another order.
    func prepare() throws(Refusal) {
        do {
            try queue.write { database in
                try database.execute(
                    sql: """
                        CREATE TEMP TABLE named AS
                            SELECT rowid AS id, CAST(workflow_id AS TEXT) AS workflow, CAST(id AS TEXT) AS own, status,
                                COALESCE(NULLIF(started_at, 0), completed_at) AS start
                            FROM execution_records;
                        CREATE INDEX temp.named_workflow ON named(workflow, start, own);
                        CREATE TEMP TABLE later (id INTEGER PRIMARY KEY);
                        """)
                let known = AWFStates.runs.keys.sorted()
                try database.execute(
                    sql: """
                        INSERT INTO later SELECT a.id FROM named a
                            WHERE EXISTS (
                                SELECT 1 FROM named b WHERE b.workflow = a.workflow AND (b.start, b.own) < (a.start, a.own)
                                    AND typeof(b.start) = 'integer' AND b.own <> ''
                                    AND b.status IN (\(known.map { _ in "?" }.joined(separator: ", "))))
                        """, arguments: StatementArguments(known))
            }
        } catch {
            throw Refusal("it can't be read: \(Self.text(error))")
        }
    }

    private func read(_ sql: String, _ arguments: StatementArguments) throws(Refusal) -> [Entry] {
        do {
            return try queue.read { database in
                try Row.fetchAll(database, sql: sql, arguments: arguments).map(Self.entry)
            }
        } catch {
            throw Refusal("it can't be read: \(Self.text(error))")
        }
    }

    private static func entry(_ row: Row) -> Entry {
        let result: Result<AWFExecution, Refusal>
        do throws(Refusal) {
            let whole = try AWFExecution(row)
            result = .success(AWFExecution(members: whole.members.filter { !$0.key.hasPrefix("$") }))
        } catch {
            result = .failure(error)
        }
        return Entry(rowID: row["$rowid"], isFirst: row["$first"], row: result)
    }
}
