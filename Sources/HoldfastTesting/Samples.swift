public import Holdfast

// Short ways to make what tests need; the texts are taken as they are.

extension HistoryID {
    /// The history of a run.
    public static func run(named id: String) -> HistoryID { .run(RunID(unchecked: id)) }
    /// The history of a process.
    public static func process(named id: String) -> HistoryID { .process(ProcessID(unchecked: id)) }
}

extension ProcessRecord {
    /// A process that has what is named; `start` is when it started.
    public static func sample(
        _ id: String, type: String = "clarification", workspace: String? = nil, parent: String? = nil,
        status: ProcessStatus = .queued, start: Timestamp, fields: [ProcessField: JSONValue] = [:]
    ) -> ProcessRecord {
        ProcessRecord(
            id: ProcessID(unchecked: id), type: ProcessType(unchecked: type),
            workspace: workspace.map(WorkspaceID.init(unchecked:)), parent: parent.map(ProcessID.init(unchecked:)),
            status: status, startTime: start, fields: ProcessFields(fields))
    }

    /// A process with every field that there is.
    public static func full(_ id: String, start: Timestamp) -> ProcessRecord {
        ProcessRecord(
            id: ProcessID(unchecked: id), type: ProcessType(unchecked: "code-review"),
            workspace: WorkspaceID(unchecked: "ws"), parent: ProcessID(unchecked: "parent"),
            run: RunID(unchecked: "run"), status: .failed, startTime: start, endTime: start + .seconds(90),
            error: "quota\n", fields: fullFields,
            conversationTurns: [
                ConversationTurn(role: "user", content: "Why?", timestamp: start),
                ConversationTurn(
                    role: "assistant", content: "Because \u{1F600}", timestamp: start + .seconds(2),
                    more: ["toolCalls": [["name": "grep"]], "turnIndex": 1]),
            ])
    }

    private static let fullFields = ProcessFields([
        .promptPreview: "Review…", .fullPrompt: "Review this change.", .result: "Fine.",
        .resultFilePath: "/tmp/result.md", .rawStdoutFilePath: "/tmp/stdout.txt",
        .metadata: ["type": "code-review", "workspaceId": "ws", "deep": ["a": [1, .null]]],
        .groupMetadata: ["childProcessIds": ["c1", "c2"]], .structuredResult: ["findings": []],
        .sdkSessionID: "session", .backend: "sdk", .workingDirectory: "/srv/repo", .title: "Review",
        .customTitle: "Mine",
    ])
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
