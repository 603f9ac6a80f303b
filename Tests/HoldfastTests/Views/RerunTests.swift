import Holdfast
import Testing

@Suite("Running again")
struct RerunTests {
    let fixture = ViewsFixture()
    var runs: RunsView { fixture.runs }

    /// `extract` and `audit` succeeded, with data; `transform` failed.
    private func createFailed() async throws -> RunID {
        let run = try RunID("etl-1")
        try await runs.create(
            from: try .etl(), params: ["date": "2026-02-02"], labels: ["team": "data"],
            logicalDate: Timestamp(milliseconds: 5000), metadata: ["ticket": "A-1"], id: run)
        let blob = try await fixture.store.writeBlob(ByteStream([1]))
        let artifact = ArtifactReference(
            key: try ArtifactKey("extract/rows"), task: TaskID("extract"), mediaType: "text/plain",
            digest: blob.digest, size: 1)
        var lost = artifact
        lost.key = try ArtifactKey("transform/part")
        lost.task = TaskID("transform")
        try await fixture.execute(
            run,
            [
                .started, .start("extract"),
                .finish("extract", xcoms: ["return_value": large, "n": 1], artifacts: [artifact]),
                .start("audit"), .finish("audit"), .start("transform"),
                .finish("transform", .failed, exitCode: 1, artifacts: [lost]),
                .taskDecided(TaskDecided(instance: InstanceID(TaskID("load")), state: .upstreamFailed)),
                .finished(state: .failed, reason: "transform failed"),
            ])
        return run
    }

    private let large = JSONValue.string(String(repeating: "x", count: 70_000))

    @Test("a run again is queued anew, with the other as its parent")
    func runsAgain() async throws {
        let run = try await createFailed()
        let again = try await runs.rerun(run, id: try RunID("etl-2"))
        #expect(again.visibleState == .queued)
        #expect(again.parent == run)
        #expect(again.trigger == "rerun")
        #expect(again.labels == ["team": "data"])
        #expect(again.logicalDate == Timestamp(milliseconds: 5000))
        #expect(again.folded.params == ["date": "2026-02-02"])
        #expect(again.folded.taskCounts == [.pending: 4])
        #expect(again.metadata.isEmpty)
        #expect(try await runs.list(SummaryQuery(parent: run)).elements.map(\.run) == [again.run])
    }

    @Test("from a task on: what does not depend on it is taken over with its data")
    func takesOver() async throws {
        let run = try await createFailed()
        let copy = try await runs.rerun(run, from: TaskID("transform")).run
        let detail = try await runs.detail(copy)
        #expect(detail.summary.visibleState == .queued)
        #expect(detail.summary.folded.taskCounts == [.success: 2, .pending: 2])
        #expect(detail.artifacts.map(\.key.rawValue) == ["extract/rows"])
        #expect(try await fixture.views.xcoms.get(copy, TaskID("extract")) == large)
        #expect(try await fixture.views.xcoms.get(copy, TaskID("extract"), key: "n") == 1)
        #expect(try await fixture.store.events(of: .run(copy)).map(\.payload.type) == ["copied"])
        try await fixture.execute(
            copy,
            [
                .started, .start("transform"), .finish("transform"), .start("load"), .finish("load"),
                .finished(state: .success, reason: nil),
            ])
        #expect(try await runs.get(copy).visibleState == .success)
    }

    @Test("from the first task on: only what stands beside it is taken over")
    func takesOverBeside() async throws {
        let run = try await createFailed()
        let copy = try await runs.rerun(run, from: TaskID("extract")).run
        let succeeded = try await fixture.views.tasks.list(copy, states: [.success])
        #expect(succeeded.map(\.id.task.rawValue) == ["audit"])
        #expect(try await runs.detail(copy).artifacts.isEmpty)
    }

    @Test("a mapped task keeps its items, and its instances that succeeded")
    func takesOverItems() async throws {
        let definition = DAGDefinition(
            name: DAGID("mapped"),
            tasks: [
                try .shell("shard", foreach: .template("{{ params.x }}")), try .shell("empty", foreach: .items([])),
                try .shell("join", needs: ["shard", "empty"]),
            ])
        let run = try await runs.create(from: definition, id: try RunID("mapped-1")).run
        try await fixture.execute(
            run,
            [
                .started, .taskExpanded(task: TaskID("shard"), items: ["a", "b"]),
                .taskExpanded(task: TaskID("empty"), items: []), .start("shard", at: 0),
                .finish("shard", at: 0, .failed), .start("shard", at: 1), .finish("shard", at: 1, xcoms: ["n": 1]),
            ])
        let copy = try await runs.rerun(run, from: TaskID("join")).run
        let shards = try await fixture.views.tasks.list(copy).filter { $0.id.task.rawValue == "shard" }
        #expect(shards.map(\.state) == [.pending, .success])
        #expect(shards.map(\.item) == ["a", "b"])
        try await fixture.execute(copy, [.started, .start("shard", at: 0), .finish("shard", at: 0), .start("join")])
    }

    @Test("a run without a definition keeps what was recorded before the task")
    func takesOverSteps() async throws {
        let run = try await runs.create(DAGID("flow"), params: ["input": 1], id: try RunID("flow-1")).run
        let steps = try ["a", "b", "c"].map {
            EventPayload.stepCompleted(StepCompleted(task: try TaskID($0), value: .string($0)))
        }
        try await fixture.execute(run, [.started] + steps)
        let copy = try await runs.rerun(run, from: TaskID("b"), params: ["input": 2])
        #expect(copy.folded.params == ["input": 2])
        #expect(try await fixture.views.tasks.list(copy.run).map(\.id.task.rawValue) == ["a"])
        #expect(try await fixture.views.xcoms.get(copy.run, TaskID("a")) == "a")
    }

    @Test("an unknown run, task or parameter is refused")
    func refuses() async throws {
        let run = try await createFailed()
        #expect(await error { try await runs.rerun(try RunID("none")) }?.code == .notFound)
        let task = await error { try await runs.rerun(run, from: TaskID("transfrom")) }
        #expect(task?.code == .notFound)
        #expect(task?.detail == "did you mean transform?")
        #expect(await error { try await runs.rerun(run, params: ["size": 1]) }?.code == .invalid)
        #expect(await error { try await runs.rerun(run, id: run) }?.code == .alreadyExists)
    }
}
