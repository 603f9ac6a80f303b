import Holdfast
import HoldfastTesting
import Testing

@Suite("Changing runs")
struct RunChangesTests {
    let fixture = ViewsFixture()
    var runs: RunsView { fixture.runs }

    @Test("a run recorded by hand goes from queued over running to success, under one lease")
    func recordsByHand() async throws {
        let run = try await runs.create(DAGID("notes"), id: try RunID("notes-1")).run
        #expect(try await runs.setState(run, to: .running).visibleState == .running)
        #expect(await error { try await fixture.others.runs.setState(run, to: .failed) }?.code == .leaseHeld)
        fixture.clock.advance(by: .seconds(5))
        let ended = try await runs.setState(run, to: .success)
        #expect(ended.visibleState == .success)
        #expect(ended.folded.duration == .seconds(5))
        #expect(ended.lease?.isLive == false)
        let types = try await fixture.store.events(of: .run(run)).map(\.payload.type)
        #expect(types == ["created", "claimed", "started", "finished"])
    }

    @Test("what the transition table does not have is refused and leaves no trace", arguments: RunState.allCases)
    func refusesIllegal(_ state: RunState) async throws {
        let run = try await runs.create(DAGID("notes"), id: try RunID("notes-1")).run
        for next in [RunState.running, .success] { try await runs.setState(run, to: next) }
        let events = try await fixture.store.events(of: .run(run))
        if state == .success {
            #expect(try await runs.setState(run, to: state).visibleState == .success)
        } else {
            #expect(await error { try await runs.setState(run, to: state) }?.code == .illegalTransition)
        }
        #expect(try await fixture.store.events(of: .run(run)) == events)
    }

    @Test("a run whose recorder fell silent is interrupted, and goes on as a resumed one")
    func resumesByHand() async throws {
        let run = try await runs.create(DAGID("notes"), id: try RunID("notes-1")).run
        try await runs.setState(run, to: .running)
        fixture.clock.advance(by: .seconds(31))
        #expect(try await runs.get(run).visibleState == .interrupted)
        let resumed = try await fixture.others.runs.setState(run, to: .running)
        #expect(resumed.visibleState == .running)
        #expect(resumed.folded.resumeCount == 1)
        #expect(await error { try await runs.setState(run, to: .success) }?.code == .leaseHeld)
    }

    @Test("nobody holds it: cancelling ends a run and its tasks at once, and again changes nothing")
    func cancels() async throws {
        let run = try await fixture.createETL()
        #expect(try await runs.cancel(run, reason: "not needed") == .cancelled)
        let summary = try await runs.get(run)
        #expect(summary.visibleState == .cancelled)
        #expect(summary.folded.failureReason == "not needed")
        #expect(summary.folded.taskCounts == [.cancelled: 4])
        #expect(summary.lease?.isLive == false)
        #expect(try await runs.cancel(run) == .unchanged(.cancelled))
    }

    @Test("a crashed run is cancelled at once")
    func cancelsCrashed() async throws {
        let run = try await fixture.createETL()
        try await fixture.execute(run, [.started, .start("extract")], releasing: false)
        fixture.clock.advance(by: .seconds(31))
        #expect(try await runs.cancel(run) == .cancelled)
        #expect(try await runs.get(run).visibleState == .cancelled)
    }

    @Test("a live worker holds it: cancelling is a request that the worker finds at its renewal")
    func requestsCancel() async throws {
        let run = try await fixture.createETL()
        try await fixture.execute(run, [.started], releasing: false)
        #expect(try await runs.cancel(run) == .requested)
        #expect(try await runs.get(run).visibleState == .running)
        let token = try #require(try await runs.get(run).lease?.token)
        let renewal = try await fixture.store.renew(
            RenewRequest(worker: .named("executor"), held: [.run(run): token]))
        #expect(renewal.cancelled == [.run(run)])
    }

    @Test("marking is done at once without a live worker, and the summary follows")
    func marks() async throws {
        let run = try await fixture.createETL()
        try await fixture.execute(run, [.started, .start("extract"), .finish("extract", .failed)], releasing: false)
        let extract = InstanceID(TaskID("extract"))
        #expect(try await runs.mark(run, extract, as: .success) == .requested)
        #expect(try await runs.detail(run).fold.requestedMarks.map(\.instance) == [extract])
        fixture.clock.advance(by: .seconds(31))
        #expect(try await runs.mark(run, extract, as: .success, reason: "done by hand") == .marked)
        #expect(try await runs.get(run).folded.taskCounts == [.success: 1, .pending: 3])
        #expect(try await runs.detail(run).fold.instance(extract)?.isMarked == true)
    }

    @Test("a mark that the run can't take is refused, live or not, and leaves no trace", arguments: [true, false])
    func refusesMarks(isLive: Bool) async throws {
        let run = try await fixture.createETL()
        try await fixture.execute(run, [.started], releasing: !isLive)
        let events = try await fixture.store.events(of: .run(run))
        let failed = await error { try await runs.mark(run, InstanceID(TaskID("extract")), as: .failed) }
        #expect(failed?.code == .illegalTransition)
        let unknown = await error { try await runs.mark(run, InstanceID(TaskID("nothing")), as: .success) }
        #expect(unknown?.code == .illegalTransition)
        #expect(try await fixture.store.events(of: .run(run)) == events)
    }

    @Test("anyone pins a run and notes metadata, whoever holds it")
    func pinsAndNotes() async throws {
        let run = try await fixture.createETL()
        try await fixture.execute(run, [.started], releasing: false)
        try await runs.pin(run)
        try await runs.setMetadata(run, ["ticket": "A-1", "note": "slow"])
        try await runs.setMetadata(run, ["note": .null])
        let summary = try await runs.get(run)
        #expect(summary.isPinned)
        #expect(summary.metadata == ["ticket": "A-1"])
        try await runs.pin(run, false)
        #expect(try await runs.detail(run).fold.isPinned == false)
        #expect(await error { try await runs.pin(try RunID("none")) }?.code == .notFound)
    }

    @Test("deleting removes the history, and is refused while a live worker holds the run")
    func deletes() async throws {
        let run = try await fixture.createETL()
        try await fixture.execute(run, [.started], releasing: false)
        #expect(await error { try await runs.delete(run) }?.code == .leaseHeld)
        fixture.clock.advance(by: .seconds(31))
        try await runs.delete(run)
        #expect(await error { _ = try await runs.get(run) }?.code == .notFound)
        #expect(await error { try await runs.delete(run) }?.code == .notFound)
    }
}

extension Summary {
    var run: RunID { RunID(unchecked: id.id) }
}
