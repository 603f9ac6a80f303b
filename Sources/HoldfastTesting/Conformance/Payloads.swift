import Holdfast

extension EventPayload {
    /// One event of each kind that an owner or a requester may append, with every optional part filled in.
    static func oneOfEach(blob: Digest) -> [EventPayload] {
        let instance = InstanceID(TaskID(unchecked: "load"), mapIndex: 3)
        let decided = TaskDecided(instance: instance, state: .skipped, reason: "when: \"false\"\n✓")
        let artifact = ArtifactReference(
            key: ArtifactKey(unchecked: "load/3/out.json"), task: instance.task, mediaType: "application/json",
            digest: blob, size: 3, schema: "order@1", metadata: ["rows": 7])
        return ownRunEvents + [
            .taskExpanded(task: instance.task, items: values),
            .taskStarted(TaskStarted(instance: instance, tryNumber: 2, tryToken: "ab12")),
            .taskFinished(
                TaskFinished(
                    instance: instance, tryNumber: 2, state: .upForRetry, exitCode: -9, error: "killed",
                    retryAt: Timestamp(milliseconds: 1_767_225_600_123),
                    xcoms: ["return_value": .array(values)], artifacts: [artifact])),
            .taskDecided(decided), .taskMarked(decided), .markRequested(decided),
            .stepCompleted(StepCompleted(task: instance.task, tryNumber: 4, value: .array(values))),
            .xcomSet(instance: instance, key: "a key", value: 1.5), .xcomDeleted(instance: instance, key: "a key"),
            .artifactSaved(artifact), .artifactDeleted(artifact.key),
            .cancelRequested(reason: "enough"), .cancelRequested(reason: nil),
            .signalled(name: "go", value: .object(["on": true])), .pinned(false),
            .metadataChanged(["gone": .null, "kept": "yes"]),
            .processChanged(
                ProcessChange(
                    status: .failed, startTime: Timestamp(milliseconds: 7), endTime: .set(Timestamp(milliseconds: 9)),
                    error: .clear, isOwned: true)),
            .processUpdated([.title: "é\n", .metadata: ["a": [1]], .structuredResult: .array(values), .result: .null]),
            .turnAppended(TurnAppended(ConversationTurn(role: "user", content: "Hi\u{0}"), stream: "s")),
            .turnStreamed(TurnPiece(stream: "s", role: "assistant", text: "✓")),
            .spilled(
                Spilled(
                    type: "task_finished", digest: blob, size: 70_000, xcomTask: instance.task, isFirst: false,
                    blobs: [blob])),
        ]
    }

    private static var ownRunEvents: [EventPayload] {
        [
            .started, .interrupted(reason: "SIGTERM"), .finished(state: .failed, reason: "load failed"),
            .resumed(
                Resumed(
                    definition: DAGDefinition(
                        name: DAGID(unchecked: "etl"),
                        tasks: [TaskDefinition(id: TaskID(unchecked: "load"), action: .shell("true"))]),
                    params: ["date": "2026-01-01"], inFlight: [InstanceID(TaskID(unchecked: "load"))])),
        ]
    }

    private static var values: [JSONValue] {
        [
            .null, true, .int(.max), .int(.min), -0.25, "", "é\u{301}\u{0}\u{1F600}", [[]],
            .object(["b": 1, "a": .null]),
        ]
    }
}
