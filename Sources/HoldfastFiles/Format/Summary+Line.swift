import Holdfast

// Summaries and their changes as JSON, without what has its usual value.

extension LineText {
    /// - Parameter isAppended: whether the line has events of the same history, which say what it is as of.
    mutating func summary(_ change: SummaryChange, isAppended: Bool) {
        raw("{")
        history(change.id)
        switch change {
        case .create(let summary):
            raw(",\"create\":")
            json(.object(summary.lineMembers(withAsOf: !isAppended)))
        case .update(let update):
            raw(",\"update\":")
            json(.object(update.lineMembers(withAsOf: !isAppended)))
        }
        raw("}")
    }
}

extension LineReader {
    mutating func summaryChange() throws(LineProblem) -> SummaryChange {
        var history: HistoryID?
        var (creation, update): (JSONValue?, JSONValue?)
        try members { reader, name throws(LineProblem) in
            switch name {
            case "run": history = .run(try reader.identifier())
            case "process": history = .process(try reader.identifier())
            case "create": creation = try reader.json()
            case "update": update = try reader.json()
            default: try reader.skipValue()
            }
        }
        guard let history else { throw LineProblem("a summary of nothing before byte \(index)") }
        do throws(StoreError) {
            if let creation { return .create(try Summary(history, lineMembers: creation)) }
            if let update { return .update(try SummaryUpdate(history, lineMembers: update)) }
        } catch {
            throw LineProblem(error.detail ?? error.description)
        }
        throw LineProblem("a summary without a change before byte \(index)")
    }
}

extension Summary {
    /// Everything but the id and the lease.
    func lineMembers(withAsOf: Bool) -> [String: JSONValue] {
        var members = folded.lineMembers(withAsOf: withAsOf)
        members["dag"] = .string(dag.rawValue)
        members["created_at"] = .int(createdAt.milliseconds)
        members["workspace"] = workspace.map { .string($0.rawValue) }
        members["parent"] = parent.map { .string($0.rawValue) }
        if trigger != "manual" { members["trigger"] = .string(trigger) }
        if logicalDate != createdAt { members["logical_date"] = .int(logicalDate.milliseconds) }
        if folded.updatedAt == createdAt { members["updated_at"] = nil }
        if !labels.isEmpty { members["labels"] = .object(labels.mapValues { .string($0) }) }
        if isPinned { members["pinned"] = true }
        if !metadata.isEmpty { members["metadata"] = .object(metadata) }
        members["cancel_requested_at"] = cancelRequestedAt.map { .int($0.milliseconds) }
        members["wake_at"] = wakeAt.map { .int($0.milliseconds) }
        return members
    }

    init(_ id: HistoryID, lineMembers: JSONValue) throws(StoreError) {
        let reader = try ObjectReader(lineMembers, subject: "summary of \(id)")
        let createdAt = try reader.required("created_at", reader.timestamp)
        self.init(
            id: id, dag: try reader.required("dag", reader.identifier), workspace: try reader.identifier("workspace"),
            parent: try reader.identifier("parent"), trigger: try reader.string("trigger") ?? "manual",
            logicalDate: try reader.timestamp("logical_date") ?? createdAt,
            labels: try reader.strings("labels") ?? [:], createdAt: createdAt,
            folded: try Folded(reader, updatedAt: createdAt), isPinned: try reader.bool("pinned") ?? false,
            metadata: try reader.object("metadata") ?? [:],
            cancelRequestedAt: try reader.timestamp("cancel_requested_at"), wakeAt: try reader.timestamp("wake_at"))
    }
}

extension Summary.Folded {
    fileprivate func lineMembers(withAsOf: Bool) -> [String: JSONValue] {
        var members: [String: JSONValue] = ["state": .string(state.rawValue)]
        if withAsOf { members["as_of"] = .int(asOf) }
        members["updated_at"] = .int(updatedAt.milliseconds)
        members["started_at"] = startedAt.map { .int($0.milliseconds) }
        members["ended_at"] = endedAt.map { .int($0.milliseconds) }
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
        return members
    }

    fileprivate init(_ reader: ObjectReader, updatedAt: Timestamp?) throws(StoreError) {
        guard let updated = try reader.timestamp("updated_at") ?? updatedAt else {
            throw reader.failure("updated_at is missing")
        }
        var counts: [TaskState: Int] = [:]
        for (name, count) in try reader.object("task_counts") ?? [:] {
            guard let state = TaskState(rawValue: name), let count = count.intValue else {
                throw reader.failure("task_counts has no such state")
            }
            counts[state] = Int(count)
        }
        self.init(
            asOf: try reader.int("as_of") ?? 0, state: try reader.required("state", reader.name), updatedAt: updated,
            startedAt: try reader.timestamp("started_at"), endedAt: try reader.timestamp("ended_at"),
            failureReason: try reader.string("failure_reason"), taskCounts: counts,
            resumeCount: Int(try reader.int("resume_count") ?? 0), retryCount: Int(try reader.int("retry_count") ?? 0),
            dagVersion: try reader.digest("dag_version"), versionLabel: try reader.string("version_label"),
            params: try reader.object("params") ?? [:])
    }
}

extension SummaryUpdate {
    /// What it changes; its conditions were met and are gone. `null` clears a column.
    fileprivate func lineMembers(withAsOf: Bool) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        members["folded"] = folded.map { .object($0.lineMembers(withAsOf: withAsOf)) }
        members["pinned"] = isPinned.map { .bool($0) }
        if !metadata.isEmpty { members["metadata"] = .object(metadata) }
        members["cancel_requested_at"] = cancelRequestedAt.lineMember
        members["wake_at"] = wakeAt.lineMember
        return members
    }

    fileprivate init(_ id: HistoryID, lineMembers: JSONValue) throws(StoreError) {
        let reader = try ObjectReader(lineMembers, subject: "summary of \(id)")
        self.init(
            id,
            folded: try reader.nested("folded") { folded throws(StoreError) in
                try Summary.Folded(folded, updatedAt: nil)
            },
            isPinned: try reader.bool("pinned"), metadata: try reader.object("metadata") ?? [:],
            cancelRequestedAt: try reader.change("cancel_requested_at"), wakeAt: try reader.change("wake_at"))
    }
}

extension SummaryUpdate.Change<Timestamp> {
    fileprivate var lineMember: JSONValue? {
        switch self {
        case .keep: nil
        case .set(let time): .int(time.milliseconds)
        case .clear: .null
        }
    }
}

extension ObjectReader {
    fileprivate func change(_ name: String) throws(StoreError) -> SummaryUpdate.Change<Timestamp> {
        guard members[name] != nil else { return .keep }
        return try timestamp(name).map { .set($0) } ?? .clear
    }
}
