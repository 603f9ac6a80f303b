public import Holdfast

// Short ways to make what tests need; the texts are taken as they are.

extension HistoryID {
    /// The history of a run.
    public static func run(named id: String) -> HistoryID { .run(RunID(unchecked: id)) }
}

extension WorkerInfo {
    /// A worker that only the end of its lease can tell dead: it names no boot of a kernel, so no lock is looked for.
    public static func sample(_ id: String = "worker-1") -> WorkerInfo {
        WorkerInfo(id: WorkerID(unchecked: id), host: "host.example", bootID: nil, processID: 4711)
    }
}

extension RunCreated {
    /// The creation of a run without a definition.
    public static func sample(
        dag: String = "etl", workspace: String? = nil, parent: String? = nil, labels: [String: String] = [:],
        params: [String: JSONValue] = [:], at time: Timestamp
    ) -> RunCreated {
        RunCreated(
            dag: DAGID(unchecked: dag), params: params, labels: labels, logicalDate: time,
            workspace: workspace.map(WorkspaceID.init(unchecked:)), parent: parent.map(RunID.init(unchecked:)))
    }
}

extension Summary {
    /// The summary that is created beside `created`.
    public static func sample(
        _ id: HistoryID, _ created: RunCreated, state: RunState = .queued, at time: Timestamp
    ) -> Summary {
        Summary(
            id: id, dag: created.dag, workspace: created.workspace, parent: created.parent, trigger: created.trigger,
            logicalDate: created.logicalDate, labels: created.labels, createdAt: time,
            folded: Folded(asOf: 1, state: state, updatedAt: time, params: created.params),
            metadata: created.metadata)
    }
}

extension EventPayload {
    /// A step of a Swift workflow.
    public static func step(_ name: String, _ value: JSONValue = .null) -> EventPayload {
        .stepCompleted(StepCompleted(task: TaskID(unchecked: name), value: value))
    }

    /// A request without consequences.
    public static func signal(_ name: String, _ value: JSONValue = .null) -> EventPayload {
        .signalled(name: name, value: value)
    }
}

extension Changeset {
    /// The creation of a run, with its summary.
    public static func creating(_ id: HistoryID, _ created: RunCreated, at time: Timestamp) -> Changeset {
        Changeset(
            appends: [Append(id, events: [NewEvent(at: time, .created(created))])],
            summaries: [.create(.sample(id, created, at: time))])
    }

    /// Own events, or requests when there is no token.
    public static func appending(
        _ payloads: EventPayload..., to id: HistoryID, token: LeaseToken? = nil, lastKnown: Int64 = 0,
        requiresLastKnown: Bool = false, at time: Timestamp
    ) -> Changeset {
        Changeset(appends: [
            Append(
                id, token: token, lastKnown: lastKnown, requiresLastKnown: requiresLastKnown,
                events: payloads.map { NewEvent(at: time, $0) })
        ])
    }
}
