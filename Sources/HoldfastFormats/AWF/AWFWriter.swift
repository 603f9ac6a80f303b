import Foundation
import GRDB
import Holdfast

/// Writes `states/<id>.json` and `history.db`.
final class AWFWriter {
    private let folder: ExportFolder
    private var rows: [[String: JSONValue]] = []
    private var database: DatabaseQueue?
    private var columns = Set(AWFExecution.columns)

    init(_ folder: ExportFolder) { self.folder = folder }

    func add(_ run: ExportedRun) throws {
        let record = run.record
        let isEmpty = record == [:]
        switch run.origin?.layout {
        case AWFHistory.layout? where isEmpty: break
        case "null"? where isEmpty: try folder.write(JSONValue.null, to: ["states", "\(run.id).json"])
        default: try folder.write(record, to: ["states", "\(run.id).json"])
        }
        let executions = run.document[AWFState.executionSection]?.arrayValue?.compactMap(\.objectValue) ?? []
        rows += executions
        if run.hasEndedHere || run.origin == nil && run.run.fold.state.isTerminal {
            rows.append(Self.row(of: run, beside: executions))
        }
        if rows.count >= 1000 { try flush() }
    }

    func finish() throws {
        try flush()
        try database?.close()
    }

    /// - Parameter earlier: the rows about the same run, of which none is replaced.
    private static func row(of run: ExportedRun, beside earlier: [[String: JSONValue]]) -> [String: JSONValue] {
        let fold = run.run.fold
        let taken = Set(earlier.compactMap { $0["id"]?.stringValue })
        // No run of ours has such an id, so no other row has it.
        let ids = [run.id] + (1...(taken.count + 1)).map { "\(run.id)#\($0)" }
        func own(_ member: String, _ column: String) -> JSONValue? {
            [AWFSpelling.pascal, .snake].lazy.compactMap { run.record[$0(member)] }.first ?? earlier.last?[column]
        }
        let (start, end) = (fold.startedAt ?? fold.createdAt, fold.endedAt ?? fold.updatedAt)
        return [
            "id": json(ids.first { !taken.contains($0) }),
            "workflow_id": own("WorkflowID", "workflow_id") ?? .string(run.id),
            "workflow_name": own("WorkflowName", "workflow_name") ?? .string(run.run.created.dag.rawValue),
            "status": .string(AWFStates.name(of: fold.state)),
            "exit_code": .int(fold.state == .success ? 0 : 1), "started_at": nanoseconds(start),
            "completed_at": nanoseconds(end),
            "duration_ms": .int(end.milliseconds - start.milliseconds), "error_message": json(fold.failureReason),
        ]
    }

    /// Null from the year 2262 on, which a number of nanoseconds does not reach.
    private static func nanoseconds(_ time: Timestamp) -> JSONValue {
        let (value, overflow) = time.milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .null : .int(value)
    }

    // MARK: history.db

    private func flush() throws {
        guard !rows.isEmpty else { return }
        let queue = try open()
        try queue.write { database in
            for row in rows { try insert(row, database) }
        }
        rows = []
    }

    private func open() throws -> DatabaseQueue {
        if let database { return database }
        let path = folder.path + "/history.db"
        let queue = try DatabaseQueue(path: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try queue.write { database in
            // No column is NOT NULL: a row that was read goes back as it was.
            try database.execute(
                sql: """
                    CREATE TABLE execution_records (
                        id TEXT PRIMARY KEY, workflow_id TEXT, workflow_name TEXT, status TEXT,
                        exit_code INTEGER, started_at INTEGER, completed_at INTEGER, duration_ms INTEGER, error_message TEXT)
                    """)
        }
        database = queue
        return queue
    }

    private func insert(_ row: [String: JSONValue], _ database: Database) throws {
        let names = row.keys.sorted()
        for name in names where columns.insert(name).inserted {
            try database.execute(sql: "ALTER TABLE execution_records ADD COLUMN \(name.quotedDatabaseIdentifier)")
        }
        let list = names.map(\.quotedDatabaseIdentifier).joined(separator: ", ")
        let marks = names.map { _ in "?" }.joined(separator: ", ")
        try database.execute(
            sql: "INSERT OR REPLACE INTO execution_records (\(list)) VALUES (\(marks))",
            arguments: StatementArguments(names.map { row[$0]?.databaseValue ?? .null }))
    }
}

extension JSONValue {
    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .bool(let value): value.databaseValue
        case .int(let value): value.databaseValue
        case .double(let value): value.databaseValue
        case .string(let value): value.databaseValue
        case .array, .object: compactText.databaseValue
        }
    }
}
