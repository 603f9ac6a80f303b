import Holdfast
import Testing

@Suite("XComs")
struct XComsViewTests {
    let fixture = ViewsFixture()
    var xcoms: XComsView { fixture.views.xcoms }

    private func instance(_ task: String, _ mapIndex: Int? = nil) -> InstanceID {
        InstanceID(TaskID(unchecked: task), mapIndex: mapIndex)
    }

    @Test("a value is set, got, replaced, listed and deleted")
    func roundTrips() async throws {
        let run = try await fixture.createETL()
        let extract = instance("extract")
        try await xcoms.set(run, extract, to: ["rows": 3])
        try await xcoms.set(run, extract, to: ["rows": 4])
        try await xcoms.set(run, extract, key: "file", to: "a.csv")
        #expect(try await xcoms.get(run, extract.task) == ["rows": 4])
        #expect(try await xcoms.list(run).map(\.key) == ["file", "return_value"])
        #expect(try await xcoms.list(run, task: TaskID("audit")).isEmpty)
        #expect(try await xcoms.delete(run, extract, key: "file"))
        #expect(try await xcoms.delete(run, extract, key: "file") == false)
        #expect(try await xcoms.list(run).map(\.key) == ["return_value"])
        #expect(try await fixture.runs.get(run).visibleState == .queued)
    }

    @Test("a large value is read from its event only when it is asked for", arguments: [2000, 100_000])
    func large(size: Int) async throws {
        let run = try await fixture.createETL()
        let text = JSONValue.string(String(repeating: "x", count: size))
        try await xcoms.set(run, instance("extract"), to: text)
        let entry = try #require(try await xcoms.list(run).first)
        #expect(entry.value == nil)
        #expect(entry.size == size + 2)
        #expect(try await xcoms.value(of: entry) == text)
        #expect(try await xcoms.get(run, entry.instance.task) == text)
        #expect(try await xcoms.list(run, task: entry.instance.task, readingLargeValues: true).first?.value == text)
    }

    @Test("a value over 1 MiB and a malformed key are refused, and leave no trace")
    func limits() async throws {
        let run = try await fixture.createETL()
        let huge = JSONValue.string(String(repeating: "x", count: XCom.maximumSize - 1))
        let tooLarge = await error { try await xcoms.set(run, instance("extract"), to: huge) }
        #expect(tooLarge?.code == .tooLarge)
        for key in ["", "a\nb", "a\u{7f}", String(repeating: "k", count: 257)] {
            #expect(await error { try await xcoms.set(run, instance("extract"), key: key, to: 1) }?.code == .invalid)
        }
        let unknown = await error { try await xcoms.set(run, instance("extrakt"), to: 1) }
        #expect(unknown?.code == .illegalTransition)
        #expect(try await fixture.store.events(of: .run(run)).count == 1)
        try await xcoms.set(run, instance("extract"), key: String(repeating: "k", count: 256), to: 1)
    }

    @Test("what is missing is not found, with a similar name")
    func missing() async throws {
        let run = try await fixture.createETL()
        try await xcoms.set(run, instance("extract"), key: "rows", to: 1)
        let key = await error { _ = try await xcoms.get(run, TaskID("extract"), key: "row") }
        #expect(key?.code == .notFound)
        #expect(key?.detail == #"did you mean the key "rows"?"#)
        let task = await error { _ = try await xcoms.get(run, TaskID("extrakt"), key: "rows") }
        #expect(task?.detail == "did you mean the task extract?")
        #expect(await error { _ = try await xcoms.list(try RunID("none")) }?.code == .notFound)
        #expect(await error { _ = try await xcoms.get(try RunID("none"), TaskID("t")) }?.code == .notFound)
    }

    @Test("a mapped task's values are an array in index order, or one by its index")
    func mapped() async throws {
        let run = try await createMapped()
        let checkpoints = [2, 0].flatMap { index in
            [
                EventPayload.start("shard", at: index),
                .finish("shard", at: index, xcoms: ["return_value": .int(Int64(index))]),
            ]
        }
        try await fixture.execute(
            run,
            [.started, .taskExpanded(task: shard, items: ["a", "b", "c"])] + checkpoints
                + [.start("shard", at: 1), .finish("shard", at: 1, .failed)])
        #expect(try await xcoms.get(run, shard) == [0, 2])
        #expect(try await xcoms.get(run, shard, mapIndex: 2) == 2)
        #expect(await error { _ = try await xcoms.get(run, shard, mapIndex: 1) }?.code == .notFound)
        #expect(try await xcoms.list(run, task: shard).map(\.instance.mapIndex) == [0, 2])
    }

    @Test("a mapped task without items has left an empty array")
    func mappedEmpty() async throws {
        let run = try await createMapped()
        #expect(await error { _ = try await xcoms.get(run, shard) }?.code == .notFound)
        try await fixture.execute(run, [.started, .taskExpanded(task: shard, items: [])])
        #expect(try await xcoms.get(run, shard) == [])
    }

    private let shard = TaskID(unchecked: "shard")

    private func createMapped() async throws -> RunID {
        let definition = DAGDefinition(
            name: DAGID("mapped"), tasks: [try .shell("shard", foreach: .template("{{ params.items }}"))])
        return try await fixture.runs.create(from: definition, id: try RunID("mapped-1")).run
    }

    @Test("for one task only its own checkpoints are read")
    func readsLittle() async throws {
        let run = try await fixture.createETL()
        try await fixture.execute(
            run, [.started, .start("extract"), .finish("extract", xcoms: ["return_value": 1]), .start("audit")])
        let spy = StoreProxy(fixture.store)
        #expect(try await Views(spy, clock: fixture.clock).xcoms.get(run, TaskID("extract")) == 1)
        #expect(spy.historyQueries.map(\.xcomTask) == [nil, TaskID("extract")])
        #expect(spy.historyQueries.first?.limit == 1)
    }

    @Test("values that a resume took back are gone, and values of a snapshot are there")
    func agreesWithFold() async throws {
        let run = try await fixture.createETL()
        try await fixture.execute(
            run,
            [
                .started, .start("extract"), .finish("extract", xcoms: ["return_value": 1]), .start("audit"),
                .finish("audit", .failed, xcoms: ["return_value": 2]),
                .finished(state: .failed, reason: nil), .resumed(Resumed()),
            ])
        #expect(try await xcoms.get(run, TaskID("extract")) == 1)
        #expect(await error { _ = try await xcoms.get(run, TaskID("audit")) }?.code == .notFound)
        let copy = try await fixture.runs.rerun(run, from: TaskID("transform")).run
        #expect(try await xcoms.get(copy, TaskID("extract")) == 1)
    }
}
