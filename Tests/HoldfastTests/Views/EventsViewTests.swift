import Holdfast
import HoldfastMemory
import Testing

@Suite("Events")
struct EventsViewTests {
    let fixture = ViewsFixture()
    var events: EventsView { fixture.views.events }

    @Test("events are listed from a sequence on, large payloads whole")
    func lists() async throws {
        let run = try await fixture.createETL()
        let large = JSONValue.string(String(repeating: "x", count: 100_000))
        try await fixture.views.xcoms.set(run, InstanceID(TaskID("extract")), to: large)
        #expect(try await events.list(run).map(\.sequence) == [1, 2, 3])
        #expect(try await events.list(run, from: 2, limit: 1).map(\.payload.type) == ["claimed"])
        #expect(try await events.list(run, from: 3).first?.outputJSON["value"] == large)
        #expect(await error { _ = try await events.list(try RunID("none")) }?.code == .notFound)
    }

    @Test("following a run that has ended gives its events and ends")
    func followsEnded() async throws {
        let run = try await fixture.createETL()
        try await fixture.runs.cancel(run)
        try await fixture.runs.pin(run)
        #expect(try await types(events.follow(run)) == ["created", "claimed", "finished", "pinned"])
        #expect(try await types(events.follow(run, from: 3)) == ["finished", "pinned"])
        #expect(try await types(events.follow(run, from: 9)) == [])
    }

    @Test("following a live run waits for each event until the run ends")
    func followsLive() async throws {
        let run = try await fixture.createETL()
        let other = try await fixture.createETL("other")
        async let followed = types(events.follow(run))
        var iterator = events.follow(run).makeAsyncIterator()
        #expect(try await iterator.next()?.payload.type == "created")
        try await fixture.runs.pin(other)
        try await fixture.runs.setState(run, to: .running)
        #expect(try await iterator.next()?.payload.type == "claimed")
        #expect(try await iterator.next()?.payload.type == "started")
        try await fixture.runs.setState(run, to: .failed, reason: "no")
        #expect(try await iterator.next()?.payload.type == "finished")
        #expect(try await iterator.next() == nil)
        #expect(try await followed == ["created", "claimed", "started", "finished"])
    }

    @Test("following ends with not found when the run is deleted")
    func followsDeleted() async throws {
        let run = try await fixture.createETL()
        var iterator = events.follow(run).makeAsyncIterator()
        _ = try await iterator.next()
        try await fixture.runs.delete(run)
        var rest = iterator
        let failure = await error { while try await rest.next() != nil {} }
        #expect(failure?.code == .notFound)
        #expect(await error { _ = try await types(events.follow(try RunID("none"))) }?.code == .notFound)
    }

    @Test("following goes on when the feed no longer reaches back")
    func followsTrimmed() async throws {
        let store = MemoryStore(options: StoreOptions(clock: fixture.clock), keptFeedEntries: 2)
        let views = Views(store, clock: fixture.clock, worker: .named("recorder"))
        let run = try await views.runs.create(DAGID("d"), id: try RunID("d-1")).run
        var iterator = views.events.follow(run).makeAsyncIterator()
        #expect(try await iterator.next()?.sequence == 1)
        for index in 1...5 { try await views.runs.create(DAGID("d"), id: try RunID("other-\(index)")) }
        async let ended = views.runs.cancel(run)
        #expect(try await iterator.next()?.payload.type == "claimed")
        #expect(try await iterator.next()?.payload.type == "finished")
        #expect(try await iterator.next() == nil)
        #expect(try await ended == .cancelled)
    }

    @Test("the whole feed is followed from its beginning, deletions with it")
    func followsAll() async throws {
        let run = try await fixture.createETL()
        var iterator = events.followAll(from: .beginning).makeAsyncIterator()
        #expect(try await iterator.next()?.event?.payload.type == "created")
        try await fixture.runs.delete(run)
        var entry = try await iterator.next()
        while entry?.event != nil { entry = try await iterator.next() }
        #expect(entry?.history == .run(run))
        #expect(entry?.outputJSON["type"] == "deleted")
        #expect(entry?.outputJSON["run_id"] == "etl-1")
    }

    @Test("requests alone can be followed")
    func followsRequests() async throws {
        let run = try await fixture.createETL()
        try await fixture.runs.pin(run)
        var iterator = events.followAll(from: .beginning, requestsOnly: true).makeAsyncIterator()
        #expect(try await iterator.next()?.event?.payload.type == "pinned")
    }

    private func types(_ events: RunEvents) async throws -> [String] {
        var types: [String] = []
        for try await event in events { types.append(event.payload.type) }
        return types
    }
}
