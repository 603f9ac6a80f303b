import Foundation
import GRDB
import Holdfast
import HoldfastFormats
import HoldfastMemory
import Testing

@Suite("awf's history.db")
struct HistoryDatabaseTests {
    private let folder: TemporaryFolder
    private let store = MemoryStore()

    init() throws { folder = try TemporaryFolder() }

    private func makeDatabase(_ rows: [[(any DatabaseValueConvertible & Sendable)?]], keepsLog: Bool = false) throws
        -> DatabaseQueue
    {
        var configuration = Configuration()
        if keepsLog {
            configuration.prepareDatabase {
                try $0.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
            }
        }
        let queue = try DatabaseQueue(path: folder.path + "/history.db", configuration: configuration)
        try queue.write { database in
            try database.execute(
                sql: """
                    CREATE TABLE execution_records (id TEXT PRIMARY KEY, workflow_id TEXT, workflow_name TEXT, status TEXT,
                        exit_code INTEGER, started_at INTEGER, completed_at INTEGER, duration_ms INTEGER, error_message TEXT,
                        team TEXT)
                    """)
            for row in rows {
                try database.execute(
                    sql: "INSERT INTO execution_records VALUES (?,?,?,?,?,?,?,?,?,?)",
                    arguments: StatementArguments(row))
            }
        }
        return queue
    }

    private static let first: [(any DatabaseValueConvertible & Sendable)?] = [
        "e1", "w1", "deploy", "failed", 3, 1_770_000_000_123_456_789 as Int64, 1_770_000_005_000_000_000 as Int64, 4877,
        "no space", "infra",
    ]

    @Test("rows are runs: of their workflow's id, later ones of their own")
    func rows() async throws {
        let queue = try makeDatabase([
            Self.first, ["e2", "w1", "deploy", "completed", 0, 1_770_000_010_000_000_000 as Int64, nil, 1, nil, nil],
        ])
        try queue.close()
        let report = try await runImport(folder.path, into: store)
        #expect(report.imported.runs == 2 && report.rejected.isEmpty)
        let run = try await store.run("w1").summary
        #expect(run.folded.state == .failed && run.folded.failureReason == "no space")
        #expect(run.folded.startedAt?.milliseconds == 1_770_000_000_123)
        #expect(try await store.run("e2").summary.folded.state == .success)
        #expect(try await runImport(folder.path, into: store).unchanged == 2)
    }

    @Test("a row about a state that is there belongs to its run")
    func merged() async throws {
        try makeDatabase([Self.first]).close()
        try folder.write(
            """
            {"WorkflowID": "w1", "WorkflowName": "deploy", "Status": "failed", "States": null,
             "StartedAt": "2026-02-02T02:40:00.123456789Z"}
            """, to: "states/w1.json")
        let report = try await runImport(folder.path, into: store)
        #expect(report.imported.runs == 1)
        #expect(try await store.run("w1").summary.folded.failureReason == "no space")
    }

    @Test("rows that can't be read are reported, the others come in")
    func broken() async throws {
        let time = 1_770_000_000_000_000_000 as Int64
        try makeDatabase([
            Self.first, ["e2", "w2", "deploy", "exploded", 0, time, nil, 1, nil, nil],
            ["e3", "w3", "deploy", "completed", 0, nil, nil, 1, nil, nil],
            ["e4", "w4", "deploy", "completed", 0, "noon", nil, 1, nil, nil],
            [nil, "w5", "deploy", "completed", 0, time, nil, 1, nil, nil],
            ["e6", "w6", Data([0, 1]), "completed", 0, time, nil, 1, nil, nil],
            ["../e7", "../w7", "deploy", "completed", 0, time, nil, 1, nil, nil],
        ]).close()
        let report = try await runImport(folder.path, into: store)
        #expect(report.imported.runs == 2)
        #expect(
            report.rejected.map(\.reason) == [
                "row 2: status is \"exploded\", which is no known state", "row 3: started_at is missing",
                "row 4: started_at is no number of nanoseconds", "row 5: id is missing",
                "row 6: workflow_name is a blob",
            ])
    }

    @Test("what is in the write-ahead log is read too, and the source stays as it was")
    func writeAheadLog() async throws {
        let queue = try makeDatabase([Self.first], keepsLog: true)
        let before = try contents(of: folder.path)
        #expect(before["history.db-wal"]?.isEmpty == false)
        #expect(try await runImport(folder.path, into: store).imported.runs == 1)
        #expect(try contents(of: folder.path) == before)
        try queue.close()
    }

    @Test("what is no such database is rejected", arguments: ["", "junk junk junk", "SQLite format 3\0"])
    func noDatabase(_ text: String) async throws {
        try folder.write(text, to: "history.db")
        let report = try await runImport(folder.path, into: store)
        #expect(report.imported.runs == 0 && report.rejected.count == 1)
        #expect(try contents(of: folder.path).keys.sorted() == ["history.db"])
    }

    @Test("which row is its workflow's does not depend on their order, nor on rows that can't be read")
    func order() async throws {
        func row(_ id: String?, _ status: String, _ second: Int64) -> [(any DatabaseValueConvertible & Sendable)?] {
            [id, "w1", "deploy", status, 0, (1_770_000_000 + second) * 1_000_000_000, nil, 1, nil, nil]
        }
        try makeDatabase([
            row("e3", "completed", 5), row("e2", "failed", 5), row("e1", "exploded", 1), row(nil, "failed", 2),
        ]).close()
        let report = try await runImport(folder.path, into: store)
        #expect(report.imported.runs == 2 && report.rejected.count == 2)
        #expect(try await store.run("w1").summary.folded.state == .failed)
        #expect(try await store.run("e3").summary.folded.state == .success)
        _ = try await Exporter(store).run(.all, as: .awf, to: folder.path + "/out")
        let again = try await runImport(folder.path + "/out", into: store)
        #expect(again.unchanged == 2 && again.rejected.isEmpty, "\(again.rejected)")
    }

    @Test("rows without a workflow or a name go back as they were")
    func nameless() async throws {
        let start = 1_770_000_000_000_000_000 as Int64
        try makeDatabase([
            ["e1", nil, "deploy", "completed", 0, start, start, 0, nil, nil],
            ["e2", "w2", nil, "completed", 0, start, start, 0, nil, nil],
        ]).close()
        let report = try await runImport(folder.path, into: store)
        #expect(report.imported.runs == 2 && report.rejected.isEmpty, "\(report.rejected)")
        _ = try await Exporter(store).run(.all, as: .awf, to: folder.path + "/out")
        let again = try await runImport(folder.path + "/out", into: store)
        #expect(again.unchanged == 2 && again.rejected.isEmpty, "\(again.rejected)")
    }

    @Test("exporting gives the rows back, also what our records can't say")
    func roundTrip() async throws {
        try makeDatabase([Self.first]).close()
        _ = try await runImport(folder.path, into: store)
        _ = try await Exporter(store).run(.all, as: .awf, to: folder.path + "/out")
        let queue = try DatabaseQueue(path: folder.path + "/out/history.db")
        let row = try #require(try await queue.read { try Row.fetchOne($0, sql: "SELECT * FROM execution_records") })
        #expect(row["id"] == "e1" && row["started_at"] == 1_770_000_000_123_456_789 as Int64 && row["team"] == "infra")
        try queue.close()
        #expect(try await runImport(folder.path + "/out", into: store).unchanged == 1)
    }
}
