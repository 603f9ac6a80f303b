import Holdfast
import HoldfastTesting
import Testing

@Suite("Tasks")
struct TasksViewTests {
    let fixture = ViewsFixture()
    var tasks: TasksView { fixture.views.tasks }
    let extract = InstanceID(TaskID(unchecked: "extract"))

    @Test("a task recorded by hand goes from pending over running to success; the run starts with it")
    func recordsByHand() async throws {
        let run = try await fixture.createETL()
        #expect(try await tasks.get(run, extract).state == .pending)
        #expect(try await tasks.setState(run, extract, to: .running).tryNumber == 1)
        #expect(try await fixture.runs.get(run).visibleState == .running)
        fixture.clock.advance(by: .seconds(2))
        let ended = try await tasks.setState(run, extract, to: .success, exitCode: 0, xcoms: ["return_value": 3])
        #expect(ended.state == .success)
        #expect(ended.duration == .seconds(2))
        #expect(try await fixture.views.xcoms.get(run, extract.task) == 3)
        #expect(try await fixture.runs.get(run).folded.taskCounts == [.success: 1, .pending: 3])
    }

    @Test("a failed try may be tried again, and counts")
    func retries() async throws {
        let run = try await fixture.createETL(retries: 1)
        try await tasks.setState(run, extract, to: .running)
        try await tasks.setState(run, extract, to: .upForRetry, error: "exit code 1")
        try await tasks.setState(run, extract, to: .running)
        let failed = try await tasks.setState(run, extract, to: .failed, exitCode: 1, error: "exit code 1")
        #expect(failed.tryNumber == 2)
        #expect(failed.error == "exit code 1")
        #expect(try await fixture.runs.get(run).folded.retryCount == 1)
    }

    @Test("without a definition, tasks come to be by being named")
    func dynamic() async throws {
        let run = try await fixture.runs.create(DAGID("notes"), id: try RunID("notes-1")).run
        let (step, other) = (InstanceID(TaskID("step")), InstanceID(TaskID("other"), mapIndex: 3))
        #expect(try await tasks.setState(run, step, to: .success).state == .success)
        #expect(try await tasks.setState(run, other, to: .running).state == .running)
        #expect(try await tasks.setState(run, other, to: .failed).state == .failed)
        #expect(try await tasks.list(run).map(\.id) == [step, other])
        #expect(try await tasks.list(run, states: [.failed]).map(\.id) == [other])
    }

    @Test("a mapped task is given its items, once")
    func expands() async throws {
        let definition = DAGDefinition(
            name: DAGID("mapped"), tasks: [try .shell("shard", foreach: .template("{{ params.items }}"))])
        let run = try await fixture.runs.create(from: definition, id: try RunID("mapped-1")).run
        let shard = TaskID("shard")
        try await tasks.expand(run, shard, items: ["a", "b"])
        #expect(try await tasks.setState(run, InstanceID(shard, mapIndex: 1), to: .running).item == "b")
        #expect(await error { try await tasks.expand(run, shard, items: []) }?.code == .illegalTransition)
    }

    @Test("tasks are skipped and decided without a try")
    func decides() async throws {
        let run = try await fixture.createETL()
        try await tasks.setState(run, extract, to: .skipped, error: "not today")
        let transform = InstanceID(TaskID("transform"))
        #expect(try await tasks.setState(run, transform, to: .upstreamFailed).tryNumber == 0)
        #expect(try await tasks.get(run, extract).error == "not today")
    }

    @Test("the state it has already changes nothing; one that can't follow is refused and leaves no trace")
    func refuses() async throws {
        let run = try await fixture.createETL()
        try await tasks.setState(run, extract, to: .running)
        try await tasks.setState(run, extract, to: .success)
        let events = try await fixture.store.events(of: .run(run))
        try await tasks.setState(run, extract, to: .success)
        for state in [TaskState.running, .failed, .pending, .skipped] {
            #expect(await error { try await tasks.setState(run, extract, to: state) }?.code == .illegalTransition)
        }
        let unknown = InstanceID(TaskID("nothing"))
        #expect(await error { try await tasks.setState(run, unknown, to: .running) }?.code == .illegalTransition)
        #expect(try await fixture.store.events(of: .run(run)) == events)
    }

    @Test("an executor's run is left alone")
    func leavesLiveRunsAlone() async throws {
        let run = try await fixture.createETL()
        try await fixture.execute(run, [.started, .start("extract")], releasing: false)
        #expect(await error { try await tasks.setState(run, extract, to: .success) }?.code == .leaseHeld)
    }

    @Test("an unknown task is answered with a similar one")
    func suggests() async throws {
        let run = try await fixture.createETL()
        let unknown = await error { _ = try await tasks.get(run, InstanceID(TaskID("extrakt"))) }
        #expect(unknown?.code == .notFound)
        #expect(unknown?.detail == "did you mean extract?")
        #expect(await error { _ = try await tasks.get(run, InstanceID(extract.task, mapIndex: 1)) }?.detail == nil)
    }

    @Test("across runs: newest run first, filtered, page by page whatever their size", arguments: [1, 2, 3, 5, 100])
    func acrossRuns(limit: Int) async throws {
        for index in 1...4 {
            try await fixture.createETL("etl-\(index)")
            try await fixture.runs.create(DAGID("other"), id: try RunID("other-\(index)"))
            fixture.clock.advance(by: .seconds(1))
        }
        try await fixture.execute(try RunID("etl-2"), [.started, .start("extract"), .finish("extract")])
        var query = TaskQuery(dag: DAGID("etl"), states: [.pending], limit: limit)
        var seen: [TaskEntry] = []
        repeat {
            let page = try await tasks.list(query)
            #expect(page.elements.count <= limit)
            seen += page.elements
            query.cursor = page.nextCursor
        } while query.cursor != nil
        #expect(seen.count == 15)
        #expect(seen.map(\.run) == seen.map(\.run).sorted(by: >))
        #expect(Set(seen).count == 15)
        let extracts = try await tasks.list(TaskQuery(task: extract.task)).elements
        #expect(extracts.map(\.run.rawValue) == ["etl-4", "etl-3", "etl-2", "etl-1"])
        #expect(extracts.first?.outputJSON["dag_id"] == "etl")
    }

    @Test("a page looks at so many runs and no more, and goes on by its cursor")
    func boundsWork() async throws {
        for index in 1...TaskQuery.maximumRuns + 1 { try await fixture.createETL("etl-\(index)") }
        let first = try await tasks.list(TaskQuery(states: [.failed]))
        #expect(first.elements.isEmpty)
        let cursor = try #require(first.nextCursor)
        #expect(try await tasks.list(TaskQuery(states: [.failed], cursor: cursor)).nextCursor == nil)
        #expect(await error { _ = try await tasks.list(TaskQuery(cursor: cursor)) }?.code == .invalidCursor)
        #expect(await error { _ = try await tasks.list(TaskQuery(limit: 0)) }?.code == .invalid)
    }
}
