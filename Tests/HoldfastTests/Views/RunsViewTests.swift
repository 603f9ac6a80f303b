import Holdfast
import HoldfastTesting
import Testing

@Suite("Runs")
struct RunsViewTests {
    let fixture = ViewsFixture()
    var runs: RunsView { fixture.runs }

    @Test("a run is created queued, with an id of its own, and is got as it was created")
    func creates() async throws {
        let created = try await runs.create(
            DAGID("notes"), params: ["n": 1], labels: ["team": "data"], metadata: ["ticket": "A-1"])
        #expect(created.id.id == "run-1")
        #expect(created.visibleState == .queued)
        #expect(created.logicalDate == fixture.clock.now())
        let got = try await runs.get(try RunID("run-1"))
        #expect(got == created)
    }

    @Test("an id is used once")
    func refusesUsedID() async throws {
        let run = try await fixture.createETL()
        #expect(await error { try await fixture.createETL(run.rawValue) }?.code == .alreadyExists)
    }

    @Test("parameters of a definition are completed; unknown and missing ones are refused")
    func completesParams() async throws {
        var definition = try DAGDefinition.etl()
        definition.params["region"] = .null
        let known = try await runs.create(from: definition, params: ["region": "eu"])
        #expect(known.folded.params == ["date": "2026-01-01", "region": "eu"])
        #expect(known.folded.dagVersion == definition.version)
        let missing = await error { try await runs.create(from: definition) }
        #expect(missing?.description == #"parameter "region": invalid: it is required"#)
        let unknown = await error { try await runs.create(from: definition, params: ["region": 1, "size": 2]) }
        #expect(unknown?.description == #"parameter "size": invalid: DAG etl has no such parameter"#)
    }

    @Test("a run is found by an unambiguous prefix; an exact id wins")
    func finds() async throws {
        for id in ["ab", "abc1", "abd2"] { try await fixture.createETL(id) }
        #expect(try await runs.find("abc").id.id == "abc1")
        #expect(try await runs.find("ab").id.id == "ab")
        let ambiguous = await error { _ = try await runs.find("a") }
        #expect(ambiguous?.code == .invalid)
        #expect(ambiguous?.detail == "several ids begin so: abd2, abc1, ab" || ambiguous?.detail?.count == 39)
    }

    @Test("an ambiguous prefix names five runs at most")
    func namesFive() async throws {
        for index in 1...7 { try await fixture.createETL("run-\(index)") }
        let detail = await error { _ = try await runs.find("run") }?.detail ?? ""
        #expect(detail.split(separator: "run-").count == 6)
        #expect(detail.hasSuffix(", …"))
    }

    @Test("an unknown run is answered with a similar id, and a malformed one refused")
    func suggests() async throws {
        try await fixture.createETL("nightly-7")
        let unknown = await error { _ = try await runs.find("nihgtly-7") }
        #expect(unknown?.code == .notFound)
        #expect(unknown?.detail == "did you mean nightly-7?")
        #expect(await error { _ = try await runs.find("other") }?.detail == nil)
        #expect(await error { _ = try await runs.find("../x") }?.code == .invalid)
    }

    @Test("listing takes filters and pages")
    func lists() async throws {
        for index in 1...3 {
            try await fixture.createETL("run-\(index)")
            fixture.clock.advance(by: .seconds(1))
        }
        let first = try await runs.list(SummaryQuery(limit: 2))
        #expect(first.elements.map(\.id.id) == ["run-3", "run-2"])
        let second = try await runs.list(SummaryQuery(limit: 2, cursor: first.nextCursor))
        #expect(second.elements.map(\.id.id) == ["run-1"])
        #expect(try await runs.list(SummaryQuery(states: [.failed])).elements.isEmpty)
    }

    @Test("the detail of a run shows its fold")
    func details() async throws {
        let run = try await fixture.createETL()
        try await fixture.execute(
            run, [.started, .start("extract"), .finish("extract"), .start("audit")], releasing: false)
        let detail = try await runs.detail(run)
        #expect(detail.summary.visibleState == .running)
        #expect(detail.currentTasks == [TaskID("audit")])
        #expect(detail.executedTasks == [TaskID("extract")])
        fixture.clock.advance(by: .seconds(31))
        #expect(try await runs.detail(run).summary.visibleState == .interrupted)
        #expect(await error { _ = try await runs.detail(try RunID("none")) }?.code == .notFound)
    }
}
