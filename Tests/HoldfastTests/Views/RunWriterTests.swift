import Holdfast
import Synchronization
import Testing

@Suite("Writing as an owner for a moment")
struct RunWriterTests {
    let fixture = ViewsFixture()
    let extract = InstanceID(TaskID(unchecked: "extract"))

    @Test("a request that comes in between is kept, and the write goes through under the same claim")
    func requestsBetween() async throws {
        let run = try await fixture.createETL()
        let interruptions = Mutex(3)
        let proxy = StoreProxy(
            fixture.store,
            beforeCommit: { [runs = fixture.runs] _ in
                let isDue = interruptions.withLock { left in
                    left -= 1
                    return left >= 0
                }
                if isDue { try await runs.pin(run) }
            })
        try await Views(proxy, clock: fixture.clock, worker: .named("recorder")).xcoms.set(run, extract, to: 1)
        let types = try await fixture.store.events(of: .run(run)).map(\.payload.type)
        #expect(types == ["created", "claimed", "pinned", "pinned", "pinned", "xcom_set"])
        #expect(try await fixture.runs.get(run).lease?.isLive == false)
    }

    @Test("a write that fails under its claim gives the lease back")
    func givesBack() async throws {
        let run = try await fixture.createETL()
        let proxy = StoreProxy(
            fixture.store,
            beforeCommit: { changeset in
                if !changeset.appends.isEmpty { throw StoreError(.full, subject: "disk") }
            })
        let views = Views(proxy, clock: fixture.clock, worker: .named("recorder"))
        #expect(await error { try await views.xcoms.set(run, extract, to: 1) }?.code == .full)
        #expect(try await fixture.runs.get(run).lease?.isLive == false)
    }

    @Test(
        "writes of one process at the same time all go through, whether the run is active or not",
        arguments: [true, false])
    func together(isActive: Bool) async throws {
        let run = try await fixture.runs.create(DAGID("notes"), id: try RunID("notes-1")).run
        if isActive { try await fixture.runs.setState(run, to: .running) }
        let xcoms = fixture.views.xcoms
        try await withThrowingTaskGroup { group in
            for index in 0..<16 {
                group.addTask { try await xcoms.set(run, InstanceID(TaskID("t\(index)")), to: .int(Int64(index))) }
            }
            try await group.waitForAll()
        }
        #expect(try await xcoms.list(run).count == 16)
        #expect(try await fixture.store.verify().findings == [])
        #expect(try await fixture.runs.get(run).lease?.isLive == isActive)
    }

    @Test("a run that another process works on is left alone by every owner's write")
    func leavesOthersAlone() async throws {
        let run = try await fixture.createETL()
        try await fixture.execute(run, [.started], releasing: false)
        let events = try await fixture.store.events(of: .run(run))
        let views = fixture.views
        let writes: [() async throws -> Void] = [
            { try await views.runs.setState(run, to: .failed) },
            { try await views.runs.delete(run) },
            { try await views.tasks.setState(run, extract, to: .running) },
            { try await views.xcoms.set(run, extract, to: 1) },
            { try await views.xcoms.delete(run, extract) },
            { try await views.artifacts.save(run, try ArtifactKey("a"), [1]) },
            { try await views.artifacts.delete(run, try ArtifactKey("a")) },
            { try await views.artifacts.clear(run) },
        ]
        for write in writes { #expect(await error(of: write)?.code == .leaseHeld) }
        #expect(try await fixture.store.events(of: .run(run)) == events)
    }
}
