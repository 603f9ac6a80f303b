import Holdfast

/// A workflow state: what one file of `states` holds.
struct AWFState {
    /// The member of the whole document that holds the rows of `history.db` about it.
    static let executionSection = "$executions"
    /// What a step left, as XComs under these keys.
    static let outputs = ["Output": "output", "Stderr": "stderr", "Response": "response", "JSON": "json"]

    private let record: JSONValue
    private let spelling: AWFSpelling
    private let fields: Fields
    private let times: SourceTimes
    let id: String
    private let createdAt: Timestamp
    private var snapshot: RunSnapshot

    /// - Parameters:
    ///   - name: of the file, which names a record that has nothing in it.
    ///   - fallback: when it was created, for a record without any time.
    init(_ json: JSONValue, name: String, times: SourceTimes, fallback: Timestamp) throws(Refusal) {
        record = json
        self.times = times
        fields = try Fields(record: json.isNull ? [:] : json, of: .awf)
        spelling = AWFSpelling(of: fields.members)
        let named = fields.members.isEmpty ? name : nil
        if let named { id = named } else { id = try fields.required(spelling("WorkflowID"), fields.name) }
        let startedAt = try fields.time(spelling("StartedAt"), times)
        let updatedAt = try fields.time(spelling("UpdatedAt"), times)
        createdAt = startedAt ?? updatedAt ?? fallback
        var created = RunCreated(
            dag: ForeignID.derive(try fields.name(spelling("WorkflowName")) ?? "awf"),
            params: try fields.object(spelling("Inputs")) ?? [:], trigger: RunCreated.importTrigger,
            logicalDate: createdAt)
        if let parent = try fields.text(spelling("ParentRunID")), ForeignID.problem(with: parent) == nil {
            created.parent = ForeignID.derive(parent)
        }
        let state =
            if named == nil {
                try fields.required(spelling("Status")) { [fields] name throws(Refusal) in
                    try fields.state(name, AWFStates.runs)
                }
            } else { RunState.queued }
        snapshot = RunSnapshot(
            origin: .imported, created: created, state: state, startedAt: startedAt,
            endedAt: try fields.time(spelling("CompletedAt"), times))
        try addSteps()
    }

    // MARK: Steps

    private mutating func addSteps() throws(Refusal) {
        let path = [JSONStep.member(spelling("States"))]
        for (name, json) in (try fields.object(spelling("States")) ?? [:]).sorted(by: { $0.key < $1.key }) {
            let place = path + [.member(name)]
            if let problem = ForeignID.problem(with: name) {
                throw Refusal("\(place.text): the name \(problem)", at: place)
            }
            try add(Fields(json.isNull ? [:] : json, at: place), name)
        }
        snapshot.instances.sort {
            ($0.startedAt?.milliseconds ?? .max, $0.id) < ($1.startedAt?.milliseconds ?? .max, $1.id)
        }
        snapshot.retryCount = snapshot.retriesOfInstances
        if snapshot.state == .queued,
            snapshot.instances.contains(where: { !$0.state.isTerminal && $0.state != .pending })
        {
            snapshot.state = .interrupted
        }
        guard snapshot.state == .failed else { return }
        let failed = snapshot.instances.first { $0.state == .failed }
        snapshot.failureReason = failed.map { "task \($0.id) failed" + ($0.error.map { ": \($0)" } ?? "") }
    }

    private mutating func add(_ step: Fields, _ name: String) throws(Refusal) {
        let spelling = spelling.ofStep(step.members)
        let id = ForeignID.instance(name)
        let error = try step.text(spelling("Error"))
        let endedAt = try step.time(spelling("CompletedAt"), times)
        snapshot.instances.append(
            RunSnapshot.Instance(
                id, state: try step.state(spelling("Status"), AWFStates.steps) ?? .pending,
                tryNumber: try step.count(spelling("Attempt")) ?? 0,
                exitCode: try step.count(spelling("ExitCode"), in: -2_147_483_648...2_147_483_647),
                startedAt: try step.time(spelling("StartedAt"), times), endedAt: endedAt,
                error: error?.isEmpty == true ? nil : error))
        _ = try step.text(spelling("Output"))
        _ = try step.text(spelling("Stderr"))
        for (member, key) in Self.outputs {
            guard let value = step.members[spelling(member)], !value.isNull, value != "", value != [:],
                // What is larger than an XCom may be stays with what remains of the record.
                value.encoded().count <= XCom.maximumSize
            else { continue }
            snapshot.xcoms.append(
                RunSnapshot.XCom(instance: id, key: key, value: value, createdAt: endedAt ?? createdAt))
        }
    }

    // MARK: Result

    /// - Parameter rows: of `history.db`.
    func imported(at place: Place, rows: [AWFExecution]) -> ImportedRun {
        var snapshot = snapshot
        var document = record.isNull ? [:] : fields.members
        if let last = rows.last, snapshot.failureReason == nil, snapshot.state == .failed {
            snapshot.failureReason = last.errorMessage
        }
        if !rows.isEmpty { document[Self.executionSection] = .array(rows.map(\.json)) }
        return ImportedRun(
            place: place, id: ForeignID.derive(id), createdAt: createdAt, snapshot: snapshot,
            origin: ImportedRun.Origin(
                format: .awf, id: id, state: fields.members[spelling("Status")]?.stringValue,
                layout: record.isNull ? "null" : spelling.rawValue, record: .object(document)))
    }
}

extension ForeignRun {
    func awfDocument(_ spelling: AWFSpelling) -> JSONValue {
        var members: [String: JSONValue] = [
            spelling("WorkflowID"): .string(fold.id.rawValue), spelling("WorkflowName"): .string(created.dag.rawValue),
            spelling("Status"): .string(AWFStates.name(of: fold.state)), spelling("Inputs"): .object(fold.params),
            spelling("StartedAt"): .string(awfTime(fold.startedAt)),
            spelling("UpdatedAt"): .string(awfTime(fold.updatedAt)),
            spelling("CompletedAt"): .string(awfTime(fold.endedAt)),
            // There a step that is passed over leaves nothing.
            spelling("States"): .object(
                Dictionary(
                    fold.currentInstances.filter { $0.state != .skipped }
                        .map { ($0.id.description, awfStep($0, spelling)) },
                    uniquingKeysWith: { $1 })),
        ]
        if let parent = created.parent { members[spelling("ParentRunID")] = .string(parent.rawValue) }
        return .object(members)
    }

    private func awfStep(_ instance: TaskInstance, _ spelling: AWFSpelling) -> JSONValue {
        var members: [String: JSONValue] = [
            spelling("Name"): .string(instance.id.description),
            spelling("Status"): .string(AWFStates.name(of: instance.state)),
            spelling("ExitCode"): .int(Int64(instance.exitCode ?? 0)),
            spelling("Attempt"): .int(Int64(instance.tryNumber)),
            spelling("Error"): .string(instance.error ?? ""),
            spelling("StartedAt"): .string(awfTime(instance.startedAt)),
            spelling("CompletedAt"): .string(awfTime(instance.endedAt)),
        ]
        for (member, key) in AWFState.outputs { members[spelling(member)] = xcom(key, of: instance.id) }
        let output = xcom("output", of: instance.id) ?? xcom(XComsView.defaultKey, of: instance.id)
        members[spelling("Output")] = .string(output?.rawText ?? "")
        members[spelling("Stderr")] = .string(xcom("stderr", of: instance.id)?.rawText ?? "")
        return .object(members)
    }

    private func awfTime(_ time: Timestamp?) -> String { time?.description ?? "0001-01-01T00:00:00Z" }
}
