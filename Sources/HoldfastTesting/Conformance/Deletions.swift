import Holdfast
import Testing

// A deleted history is gone with all that belongs to it, but for its tombstone in the feed.

extension StoreConformance {
    static let deletions: [ConformanceCase] = [
        ConformanceCase("a deleted history is gone from every read and leaves a tombstone in the feed") { bench in
            let kept = try await bench.create("kept", dag: "other")
            let lease = try await bench.createStarted("a")
            try await bench.delete(lease)
            await expectError(.notFound) { _ = try await bench.events(lease.history) }
            #expect(try await bench.allSummaries().map(\.id) == [kept])
            #expect(try await bench.store.summaries(SummaryQuery(ids: ["a"])).elements == [])
            #expect(try await bench.store.counts(CountQuery()).map(\.dag.rawValue) == ["other"])
            let feed = try await bench.feed().entries
            #expect(feed.map(\.history) == [kept, lease.history])
            #expect(feed.map { $0.event == nil } == [false, true])
            try await bench.refuses(.notFound, .appending(.signal("late"), to: lease.history, at: bench.now))
            try await bench.refuses(.notFound) { _ = try await bench.claim(lease.history) }
            try await bench.refuses(.notFound) { try await bench.delete(lease) }
        },
        ConformanceCase("a follower of the feed meets the tombstone behind what it has seen") { bench in
            let lease = try await bench.createStarted("a")
            let position = try await bench.feed().next
            try await bench.delete(lease)
            let page = try await bench.feed(after: position)
            #expect(page.entries.map(\.history) == [lease.history])
            #expect(page.entries.map(\.event) == [nil])
        },
        ConformanceCase("a run that a live worker holds can be deleted by that worker alone") { bench in
            let lease = try await bench.createStarted("a")
            try await bench.refuses(.leaseHeld) { _ = try await bench.claim(lease.history, by: "worker-2") }
            var stranger = lease
            stranger.token = LeaseToken(rawValue: lease.token.rawValue - 1)
            try await bench.refuses(.leaseLost) { try await bench.delete(stranger) }
            try await bench.delete(lease)
        },
        ConformanceCase("positions are never reused, also when the newest history is deleted and after reopening") {
            bench in
            let lease = try await bench.createStarted("a")
            try await bench.delete(lease)
            let tombstone = try await bench.feed().next
            let reopened = try await bench.reopened()
            try await reopened.create("b")
            let position = try #require(try await reopened.feed(after: tombstone).entries.first?.position)
            #expect(position > tombstone)
            #expect(try await reopened.feed(after: tombstone).entries.map(\.history) == [.run(named: "b")])
        },
        ConformanceCase("the id of a deleted run can be used again, for a history that begins anew") { bench in
            try await bench.delete(try await bench.createStarted("a"))
            let id = try await bench.create("a", dag: "other")
            #expect(try await bench.events(id).map(\.sequence) == [1])
            #expect(try await bench.summary(id).dag.rawValue == "other")
            #expect(try await bench.summary(id).lease == nil)
        },
    ]
}
