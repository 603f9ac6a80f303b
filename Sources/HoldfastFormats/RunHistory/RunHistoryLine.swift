import Holdfast

/// A line of `runs.jsonl`.
struct RunHistoryLine {
    /// The DAG of a run whose line names none.
    static let pipeline = DAGID(unchecked: "pipeline")
    static let results: [String: RunState] = ["success": .success, "failed": .failed, "stopped": .cancelled]

    let id: String
    private let fields: Fields
    private let createdAt: Timestamp
    private var snapshot: RunSnapshot

    init(_ json: JSONValue, times: SourceTimes) throws(Refusal) {
        fields = try Fields(record: json, of: .runHistory)
        id = try fields.required("run_id", fields.name)
        let startedAt = try fields.time("started_at", times)
        let endedAt = try fields.time("ended_at", times)
        guard let createdAt = startedAt ?? endedAt else { throw fields.refusal("started_at", "is missing") }
        self.createdAt = createdAt
        let result = try fields.required("result") { [fields] name throws(Refusal) in
            try fields.state(name, Self.results)
        }
        var created = RunCreated(
            dag: try fields.name("dag_id").map { ForeignID.derive($0) } ?? Self.pipeline,
            trigger: RunCreated.importTrigger,
            logicalDate: createdAt)
        created.metadata = (try fields.object("metadata") ?? [:]).filter { $0.key != OriginMetadata.name }
        snapshot = RunSnapshot(
            origin: .imported, created: created, state: result, startedAt: startedAt, endedAt: endedAt,
            failureReason: try fields.text("failure_reason"), retryCount: try fields.count("retry_count") ?? 0)
        snapshot.instances = try stages()
    }

    private func stages() throws(Refusal) -> [RunSnapshot.Instance] {
        var stages: [RunSnapshot.Instance] = []
        for name in try fields.texts("stages_executed") ?? [] {
            let id = try Self.stage(name, fields, "stages_executed")
            if let index = stages.firstIndex(where: { $0.id == id }) {
                stages[index].tryNumber += 1
            } else {
                stages.append(RunSnapshot.Instance(id, state: .success, tryNumber: 1))
            }
        }
        for name in try fields.texts("stages_failed") ?? [] {
            let id = try Self.stage(name, fields, "stages_failed")
            if let index = stages.firstIndex(where: { $0.id == id }) {
                stages[index].state = .failed
            } else {
                stages.append(RunSnapshot.Instance(id, state: .failed, tryNumber: 1))
            }
        }
        return stages
    }

    private static func stage(_ name: String, _ fields: Fields, _ member: String) throws(Refusal) -> InstanceID {
        if let problem = ForeignID.problem(with: name) { throw fields.refusal(member, "has a name that \(problem)") }
        return ForeignID.instance(name)
    }

    func imported(at place: Place, events: RunHistoryEvents?) -> ImportedRun {
        var snapshot = snapshot
        for index in snapshot.instances.indices {
            guard let span = events?.spans[snapshot.instances[index].id] else { continue }
            snapshot.instances[index].startedAt = span.lowerBound
            snapshot.instances[index].endedAt = span.upperBound
        }
        var document = fields.members
        if let events { document[RunHistoryEvents.section] = .string(events.digest) }
        return ImportedRun(
            place: place, id: ForeignID.derive(id), createdAt: createdAt, snapshot: snapshot,
            files: (events?.file).map { [$0] } ?? [],
            origin: ImportedRun.Origin(
                format: .runHistory, id: id, state: fields.members["result"]?.stringValue, record: .object(document)))
    }
}

extension ForeignRun {
    var runHistoryDocument: JSONValue {
        let tried = fold.currentInstances.filter { $0.tryNumber > 0 }
        let result = RunHistoryLine.results.first { $0.value == fold.state }?.key
        var members: [String: JSONValue] = [
            "run_id": .string(fold.id.rawValue),
            // Where neither is known, when it was made: without any time a line is of no use there.
            "started_at": json(fold.startedAt ?? (fold.endedAt == nil ? fold.createdAt : nil)),
            "ended_at": json(fold.endedAt),
            "result": json(result), "failure_reason": json(fold.failureReason),
            "stages_executed": .array(tried.map { .string($0.id.description) }),
            "stages_failed": .array(tried.filter { $0.state == .failed }.map { .string($0.id.description) }),
            "retry_count": .int(Int64(fold.retryCount)), "metadata": .object(metadata),
        ]
        // These histories are of one pipeline, so that only another one is named.
        if created.dag != RunHistoryLine.pipeline { members["dag_id"] = .string(created.dag.rawValue) }
        return .object(members)
    }
}
