import Holdfast

// A summary as a row of `history`: columns for what is listed by, JSON for the rest.

extension Summary.Folded {
    /// What has no column of its own.
    fileprivate var storedRest: UTF8Text {
        var members: [String: JSONValue] = [:]
        members["failure_reason"] = failureReason.map { .string($0) }
        if !taskCounts.isEmpty {
            members["task_counts"] = .object(
                Dictionary(uniqueKeysWithValues: taskCounts.map { ($0.key.rawValue, .int(Int64($0.value))) }))
        }
        if resumeCount != 0 { members["resume_count"] = .int(Int64(resumeCount)) }
        if retryCount != 0 { members["retry_count"] = .int(Int64(retryCount)) }
        members["dag_version"] = dagVersion.map { .string($0.hexadecimal) }
        members["version_label"] = versionLabel.map { .string($0) }
        if !params.isEmpty { members["params"] = .object(params) }
        return UTF8Text(bytes: JSONValue.object(members).encoded())
    }

    mutating func readRest(_ json: JSONValue, subject: String) throws(StoreError) {
        let reader = try ObjectReader(json, subject: subject)
        failureReason = try reader.string("failure_reason")
        for (name, count) in try reader.object("task_counts") ?? [:] {
            guard let state = TaskState(rawValue: name), let count = count.intValue else {
                throw reader.failure("task_counts has no such state")
            }
            taskCounts[state] = Int(count)
        }
        resumeCount = try reader.int("resume_count").map(Int.init) ?? 0
        retryCount = try reader.int("retry_count").map(Int.init) ?? 0
        dagVersion = try reader.digest("dag_version")
        versionLabel = try reader.string("version_label")
        params = try reader.object("params") ?? [:]
    }
}

/// The columns of a change that are objects, as they will be stored.
struct SummaryTexts: Sendable {
    var labels: UTF8Text?
    var folded: UTF8Text?
    var metadata: UTF8Text?

    init(_ change: SummaryChange) {
        switch change {
        case .create(let summary):
            labels = storedObject(summary.labels.mapValues { .string($0) })
            folded = summary.folded.storedRest
            metadata = storedObject(summary.metadata)
        // Its metadata are merged with those that are there.
        case .update(let update): folded = update.folded?.storedRest
        }
    }
}

extension SQLStatement {
    /// A column that holds an object, or null for an empty one.
    func storedObject(_ column: Int32) throws(StoreError) -> [String: JSONValue] {
        guard !isNull(column) else { return [:] }
        let json = try JSONValue(stored: bytes(column), subject: "summary")
        guard let members = json.objectValue else {
            throw StoreError(.corrupt, subject: "summary", detail: "a column holds no object")
        }
        return members
    }

    func optionalTime(_ column: Int32) -> Timestamp? { optionalInt(column).map(Timestamp.init(milliseconds:)) }
    func time(_ column: Int32) -> Timestamp { Timestamp(milliseconds: int(column)) }
}

/// The row that a statement stands on, selected by `columns`.
struct SummaryRow {
    static let columns = """
        history.id, history.kind, dag, workspace, parent, trigger, logical_date, history.created_at, as_of, state,
        updated_at, started_at, ended_at, pinned, cancel_requested_at, wake_at, token, holder, worker.id, worker.host,
        worker.process_id, worker.expires_at, labels, metadata, folded
        """

    /// Where a listing adds the column that it goes by.
    static let orderColumn: Int32 = 25

    /// Behind `FROM history`, or behind a join that ends with it.
    static let workerJoin = "LEFT JOIN worker ON worker.key = history.worker"

    let statement: SQLStatement

    /// Everything but the JSON columns: enough for all filters except labels.
    func light(_ liveness: LivenessSnapshot) throws(StoreError) -> Summary {
        let kind: HistoryID.Kind = statement.int(1) == 0 ? .run : .process
        guard let state = RunState(rawValue: statement.text(9)) else {
            throw StoreError(.corrupt, subject: "summary of \(statement.text(0))", detail: "its state is unknown")
        }
        return Summary(
            id: try HistoryID(kind: kind, id: statement.text(0)), dag: DAGID(unchecked: statement.text(2)),
            workspace: statement.optionalText(3).map(WorkspaceID.init(unchecked:)),
            parent: statement.optionalText(4).map(RunID.init(unchecked:)), trigger: statement.text(5),
            logicalDate: statement.time(6), createdAt: statement.time(7),
            folded: Summary.Folded(
                asOf: statement.int(8), state: state, updatedAt: statement.time(10),
                startedAt: statement.optionalTime(11), endedAt: statement.optionalTime(12)),
            isPinned: statement.int(13) != 0, cancelRequestedAt: statement.optionalTime(14),
            wakeAt: statement.optionalTime(15), lease: lease(liveness))
    }

    private func lease(_ liveness: LivenessSnapshot) -> LeaseInfo? {
        let token = statement.int(16)
        guard token > 0, let worker = statement.optionalText(18) else { return nil }
        let holder = statement.optionalInt(17)
        return LeaseInfo(
            worker: WorkerID(unchecked: worker), location: "\(statement.text(19)), process \(statement.int(20))",
            token: LeaseToken(rawValue: token), expiresAt: holder == nil ? nil : statement.time(21),
            isLive: holder.map { !liveness.dead.contains($0) } ?? false)
    }

    /// With what `light` left out.
    func complete(_ light: Summary) throws(StoreError) -> Summary {
        var summary = light
        summary.labels = try statement.storedObject(22).compactMapValues(\.stringValue)
        summary.metadata = try statement.storedObject(23)
        let subject = "summary of \(summary.id)"
        try summary.folded.readRest(try JSONValue(stored: statement.bytes(24), subject: subject), subject: subject)
        return summary
    }
}
