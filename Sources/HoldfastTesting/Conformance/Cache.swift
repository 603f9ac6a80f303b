import Holdfast
import Testing

// The cache: written once, over the contract.

extension StoreConformance {
    static let cache: [ConformanceCase] = [
        ConformanceCase("a cached response is found until it is deleted, and replaced when it is set again") { bench in
            #expect(try await bench.cache.get(key("a")) == nil)
            try await bench.cache.set(key("a"), ["answer": 42])
            let cache = try await bench.reopened().cache
            let found = try await cache.get(key("a"))
            #expect(found?.value == ["answer": 42] && found?.createdAt == bench.now && found?.expiresAt == nil)
            try await cache.set(key("a"), .null)
            #expect(try await cache.get(key("a"))?.value == .null)
            #expect(try await cache.get(key("b")) == nil)
            #expect(try await cache.delete(key("a")))
            #expect(try await !cache.delete(key("a")))
            #expect(try await cache.get(key("a")) == nil)
            #expect(try await cache.statistics().entries == 0)
        },
        ConformanceCase("a response is found until its time to live is over") { bench in
            try await bench.cache.set(key("a"), 1, timeToLive: .seconds(60))
            try await bench.cache.set(key("b"), 2)
            bench.clock.advance(by: .milliseconds(59_999))
            #expect(try await bench.cache.get(key("a"))?.value == 1)
            bench.clock.advance(by: .milliseconds(1))
            #expect(try await bench.cache.get(key("a")) == nil)
            #expect(try await !bench.cache.delete(key("a")))
            #expect(try await bench.cache.get(key("b"))?.value == 2)
            try await bench.cache.set(key("a"), 3)
            #expect(try await bench.cache.get(key("a"))?.value == 3)
            let statistics = try await bench.cache.statistics()
            #expect(statistics.entries == 2 && statistics.expired == 0 && statistics.bytes == 2)
        },
        ConformanceCase("the first hits are counted one by one, later ones as an estimate") { bench in
            try await bench.cache.set(key("a"), "x")
            for hit in 0..<40 { #expect(try await (bench.cache.get(key("a"))?.hits ?? -1) >= min(hit, 32)) }
            #expect(try await bench.cache.statistics().hits >= 32)
            try await bench.cache.set(key("a"), "y")
            #expect(try await bench.cache.get(key("a"))?.hits == 0)
        },
        ConformanceCase("what was used the longest time ago makes room for what is set") { bench in
            try await bench.cache.limit(to: CacheLimits(entries: 3, bytes: 1000))
            for name in ["a", "b", "c"] {
                try await bench.cache.set(key(name), .string(name))
                bench.clock.advance(by: .seconds(1))
            }
            #expect(try await bench.cache.get(key("a")) != nil)
            bench.clock.advance(by: .seconds(1))
            try await bench.cache.set(key("d"), "d")
            #expect(try await bench.names(["a", "b", "c", "d"]) == ["a", "c", "d"])
            bench.clock.advance(by: .seconds(1))
            // Replacing one takes no room from others.
            try await bench.cache.set(key("d"), "dd")
            #expect(try await bench.names(["a", "c", "d"]) == ["a", "c", "d"])
            try await bench.cache.set(key("big"), .string(String(repeating: "x", count: 998)))
            #expect(try await bench.names(["a", "c", "d", "big"]) == ["big"])
            #expect(try await bench.cache.statistics().bytes == 1000)
            await expectError(.tooLarge) {
                try await bench.cache.set(key("e"), .string(String(repeating: "x", count: 1000)))
            }
            #expect(try await bench.names(["big"]) == ["big"])
            await expectError(.invalid) { try await bench.cache.limit(to: CacheLimits(entries: 0, bytes: 1)) }
        },
        ConformanceCase("a response larger than a record comes back whole, and goes whole") { bench in
            let large = JSONValue.array((0..<3).map { .string(String(repeating: "é\"\($0)", count: 150_000)) })
            try await bench.cache.set(key("a"), large)
            let cache = try await bench.reopened().cache
            #expect(try await cache.get(key("a"))?.value == large)
            try await cache.set(key("a"), 1)
            #expect(try await cache.get(key("a"))?.value == 1)
            try await cache.set(key("a"), large)
            #expect(try await cache.delete(key("a")))
            let left = try await cache.statistics()
            #expect(left.entries == 0 && left.bytes == 0)
            await expectError(.tooLarge) {
                try await cache.set(key("a"), .string(String(repeating: "x", count: CacheView.maximumSize)))
            }
        },
        ConformanceCase("many set and clear at once, and the totals stay true") { bench in
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 24) { index in
                try await (index % 2 == 0 ? bench : other).cache.set(
                    key("\(index % 20)"), .string(String(repeating: "x", count: index)))
            }
            #expect(outcomes.allSatisfy { $0 == nil })
            #expect(try await bench.cache.statistics().entries == 20)
            #expect(try await bench.totals() == 20)
            #expect(try await bench.cache.clear() == 20)
            #expect(try await bench.cache.clear() == 0)
            #expect(try await bench.totals() == 0)
        },
        ConformanceCase("C, Cache entry: {status, response, batch_id} under the SHA-256 of prompt|model|response_model")
        {
            bench in
            let key = CacheKey(prompt: "Say hi", model: "m-1", responseModel: "Greeting")
            #expect(key == CacheKey(digest: Digest(of: "Say hi|m-1|Greeting".utf8)))
            let entry: JSONValue = ["status": "completed", "response": ["text": "hi"], "batch_id": .null]
            try await bench.cache.set(key, entry)
            #expect(try await bench.reopened().cache.get(key)?.value == entry)
        },
    ]

    private static func key(_ name: String) -> CacheKey { CacheKey(["name": .string(name)]) }
}

extension Workbench {
    fileprivate var cache: CacheView { views.cache }

    /// Those that are there; asking is a use.
    fileprivate func names(_ names: [String]) async throws -> [String] {
        var found: [String] = []
        for name in names where try await cache.get(CacheKey(["name": .string(name)])) != nil { found.append(name) }
        return found
    }

    /// How many entries the kept totals say there are.
    fileprivate func totals() async throws -> Int64 {
        try await store.records(RecordQuery(kind: "cache_totals")).elements.reduce(0) {
            $0 + ($1.body["entries"]?.intValue ?? 0)
        }
    }
}
