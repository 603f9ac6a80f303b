import GRDB
import Holdfast

/// A row of `execution_records`.
struct AWFExecution: Sendable {
    static let columns = [
        "id", "workflow_id", "workflow_name", "status", "exit_code", "started_at", "completed_at", "duration_ms",
        "error_message",
    ]

    /// All columns, also unknown ones.
    let members: [String: JSONValue]

    init(members: [String: JSONValue]) { self.members = members }

    var json: JSONValue { .object(members) }
    var errorMessage: String? { members["error_message"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } }

    /// Milliseconds, from nanoseconds; 0 is unset.
    private func time(_ name: String) throws(Refusal) -> Timestamp? {
        guard let value = members[name], !value.isNull, value != 0 else { return nil }
        guard let nanoseconds = value.intValue else { throw Refusal("\(name) is no number of nanoseconds") }
        return Timestamp(milliseconds: nanoseconds / 1_000_000 - (nanoseconds % 1_000_000 < 0 ? 1 : 0))
    }

    /// A run of its own, for a row without a state file.
    /// - Parameter isFirst: whether no earlier row is about the same workflow; then it is the run of that id.
    func imported(at place: Place, isFirst: Bool) throws(Refusal) -> ImportedRun {
        let fields = try Fields(json)
        let own = try fields.required("id", fields.name)
        let id = isFirst ? try fields.name("workflow_id") ?? own : own
        let startedAt = try time("started_at")
        let endedAt = try time("completed_at")
        guard let createdAt = startedAt ?? endedAt else { throw Refusal("started_at is missing") }
        _ = try fields.count("exit_code", in: -2_147_483_648...2_147_483_647)
        let state = try fields.required("status") { name throws(Refusal) in
            try fields.state(name, AWFStates.runs)
        }
        let created = RunCreated(
            dag: ForeignID.derive(try fields.name("workflow_name") ?? "awf"), trigger: RunCreated.importTrigger,
            logicalDate: createdAt)
        return ImportedRun(
            place: place, id: ForeignID.derive(id), createdAt: createdAt,
            snapshot: RunSnapshot(
                origin: .imported, created: created, state: state, startedAt: startedAt, endedAt: endedAt,
                failureReason: errorMessage),
            origin: ImportedRun.Origin(
                format: .awf, id: id, state: fields.members["status"]?.stringValue, layout: AWFHistory.layout,
                record: .object([AWFState.executionSection: .array([json])])))
    }
}

extension AWFExecution {
    /// A whole number, a real number, a text; what is a blob is refused.
    init(_ row: Row) throws(Refusal) {
        var members: [String: JSONValue] = [:]
        for (name, value) in row {
            switch value.storage {
            case .null: members[name] = .null
            case .int64(let number): members[name] = .int(number)
            case .double(let number): members[name] = .double(number)
            case .string(let text): members[name] = .string(text)
            case .blob: throw Refusal("\(name) is a blob")
            }
        }
        self.init(members: members)
    }
}
