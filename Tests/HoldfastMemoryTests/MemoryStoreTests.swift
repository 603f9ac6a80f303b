import Holdfast
import HoldfastMemory
import HoldfastTesting
import Testing

@Suite("Memory store")
struct MemoryStoreTests {
    @Test("keeps the store contract", arguments: StoreConformance.cases)
    func conforms(_ promise: ConformanceCase) async throws {
        let origin = MemoryStore()
        try await promise.run(StoreHarness { options in MemoryStore(sharing: origin, options: options) })
    }

    @Test("answers a feed position that is no longer kept as trimmed")
    func trims() async throws {
        let store = MemoryStore(keptFeedEntries: 3)
        let clock = ManualClock()
        let id = HistoryID.run(named: "a")
        let first = try await store.commit(.creating(id, .sample(at: clock.now()), at: clock.now()))
        var positions = [try #require(first.position)]
        for index in 0..<4 {
            let receipt = try await store.commit(.appending(.signal("s\(index)"), to: id, at: clock.now()))
            positions.append(try #require(receipt.position))
        }
        await #expect(throws: StoreError(.trimmed, subject: "feed position \(positions[0])", detail: "begin anew")) {
            try await store.feed(FeedQuery(.after(positions[0])))
        }
        let kept = try await store.feed(FeedQuery(.after(positions[1])))
        #expect(kept.entries.map(\.position) == Array(positions[2...]))
        #expect(try await store.feed(FeedQuery(.beginning)) == kept)
        #expect(try await store.history(HistoryQuery(id)).elements.count == 5)
    }

    @Test("is opened by its URL, empty each time, and takes no path")
    func opensByURL() async throws {
        let opened = try await openStore("memory:", backends: [MemoryStore.backend])
        #expect(opened.url == "memory:")
        #expect(opened.logFolder == nil)
        let clock = ManualClock()
        _ = try await opened.store.commit(.creating(.run(named: "a"), .sample(at: clock.now()), at: clock.now()))
        let another = try await openStore("memory:", backends: [MemoryStore.backend])
        #expect(try await another.store.summaries(SummaryQuery()).elements == [])
        await #expect(throws: StoreError.self) {
            try await openStore("memory:/tmp/x", backends: [MemoryStore.backend])
        }
    }
}
