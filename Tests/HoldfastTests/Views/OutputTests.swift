import Holdfast
import Testing

@Suite("JSON for programs")
struct OutputTests {
    let fixture = ViewsFixture()
    var runs: RunsView { fixture.runs }

    static let runKeys: Set<String> = [
        "run_id", "dag_id", "dag_version", "workspace_id", "state", "trigger", "logical_date", "params", "labels",
        "created_at", "updated_at", "started_at", "ended_at", "duration_seconds", "failure_reason", "task_counts",
        "resume_count", "retry_count", "parent_run_id", "metadata",
    ]

    @Test("a new run has every key, null where there is nothing")
    func newRun() async throws {
        let summary = try await runs.create(DAGID("notes"), labels: ["team": "data"], id: try RunID("n-1"))
        #expect(
            summary.outputJSON == [
                "run_id": "n-1", "dag_id": "notes", "dag_version": .null, "workspace_id": .null, "state": "queued",
                "trigger": "manual", "logical_date": "2026-01-01T10:00:00.000Z", "params": [:],
                "labels": ["team": "data"], "created_at": "2026-01-01T10:00:00.000Z",
                "updated_at": "2026-01-01T10:00:00.000Z", "started_at": .null, "ended_at": .null,
                "duration_seconds": .null, "failure_reason": .null, "task_counts": [:], "resume_count": 0,
                "retry_count": 0, "parent_run_id": .null, "metadata": [:],
            ])
    }

    @Test("the detail adds tasks, XComs, artifacts and plan")
    func detail() async throws {
        let run = try await fixture.createETL()
        let blob = try await fixture.store.writeBlob(ByteStream([1, 2, 3]))
        let artifact = ArtifactReference(
            key: try ArtifactKey("extract/rows.bin"), task: TaskID("extract"),
            mediaType: "application/octet-stream", digest: blob.digest, size: blob.size)
        try await fixture.execute(
            run,
            [
                .started, .start("extract"),
                .finish("extract", exitCode: 0, xcoms: ["return_value": 3], artifacts: [artifact]),
                .start("audit"), .finish("audit", .failed, exitCode: 2, error: "exit code 2"),
            ], releasing: false)
        let json = try await runs.detail(run).outputJSON
        let keys = try #require(json.objectValue?.keys)
        #expect(
            Set(keys)
                == Self.runKeys.union([
                    "current_tasks", "tasks_executed", "tasks_failed", "tasks", "xcoms", "artifacts", "plan",
                ]))
        #expect(json["state"] == "running")
        #expect(json["task_counts"] == ["success": 1, "failed": 1, "pending": 2])
        #expect(json["tasks_executed"] == ["extract", "audit"])
        #expect(json["tasks_failed"] == ["audit"])
        #expect(
            json["tasks"]?[3] == [
                "task_id": "audit", "map_index": .null, "state": "failed", "try_number": 1, "max_tries": 1,
                "exit_code": 2, "started_at": "2026-01-01T10:00:03.000Z", "ended_at": "2026-01-01T10:00:04.000Z",
                "duration_seconds": 1.0, "error": "exit code 2",
            ])
        #expect(
            json["xcoms"] == [
                [
                    "task_id": "extract", "map_index": .null, "key": "return_value", "value": 3,
                    "created_at": "2026-01-01T10:00:02.000Z", "size": 1,
                ]
            ])
        #expect(
            json["artifacts"] == [
                [
                    "key": "extract/rows.bin", "size": 3, "digest": .string(blob.digest.hexadecimal),
                    "media_type": "application/octet-stream",
                ]
            ])
        #expect(json["plan"]?[1]?["id"] == "transform")
        #expect(json["plan"]?[1]?["needs"] == ["extract"])
        #expect(json["plan"]?[1]?["foreach"] == false)
    }

    @Test("a page says where the next begins")
    func page() async throws {
        for id in ["a", "b"] { try await fixture.createETL(id) }
        let first = try await runs.list(SummaryQuery(limit: 1))
        let json = first.outputJSON
        #expect(Set(json.objectValue?.keys ?? [:].keys) == ["runs", "next_cursor", "total"])
        #expect(json["runs"]?.arrayValue?.count == 1)
        #expect(json["next_cursor"]?.stringValue == first.nextCursor?.text)
        #expect(json["total"] == 2)
    }

    @Test("an event shows its members, times as text, and its token when it is an owner's")
    func events() async throws {
        let run = try await fixture.createETL()
        try await fixture.execute(run, [.started])
        let events = try await fixture.store.events(of: .run(run))
        let first = events[0].outputJSON
        #expect(first["sequence"] == 1)
        #expect(first["type"] == "created")
        #expect(first["time"] == "2026-01-01T10:00:00.000Z")
        #expect(first["logical_date"] == "2026-01-01T10:00:00.000Z")
        #expect(first["token"] == nil)
        #expect(
            events[2].outputJSON == ["sequence": 3, "type": "started", "time": "2026-01-01T10:00:00.000Z", "token": 1])
    }

    @Test("times inside a snapshot are text; what users left is not touched")
    func snapshotTimes() throws {
        let time = Timestamp(milliseconds: 1000)
        let snapshot = RunSnapshot(
            origin: .imported,
            created: RunCreated(dag: DAGID("d"), params: ["started_at": 1], logicalDate: time), endedAt: time,
            instances: [RunSnapshot.Instance(InstanceID(TaskID("t")), state: .success, startedAt: time)],
            xcoms: [
                RunSnapshot.XCom(
                    instance: InstanceID(TaskID("t")), key: "k", value: ["created_at": 1], createdAt: time)
            ])
        let json = Event(sequence: 1, time: time, token: nil, payload: .restored(snapshot)).outputJSON
        let shown: JSONValue = "1970-01-01T00:00:01.000Z"
        #expect(json["ended_at"] == shown)
        #expect(json["created"]?["logical_date"] == shown)
        #expect(json["created"]?["params"] == ["started_at": 1])
        #expect(json["instances"]?[0]?["started_at"] == shown)
        #expect(json["xcoms"]?[0]?["created_at"] == shown)
        #expect(json["xcoms"]?[0]?["value"] == ["created_at": 1])
    }
}
