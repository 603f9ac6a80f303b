import Holdfast
import Testing

// Taking runs by id or from the queue: the token, the event and the lease in the summary come in one commit.

extension StoreConformance {
    static let claims: [ConformanceCase] = [
        ConformanceCase("a claim gives a token, writes the claimed event and shows in the summary") { bench in
            let id = try await bench.create("a")
            let lease = try await bench.claim(id, by: "w", for: .seconds(20))
            #expect(lease.history == id)
            #expect(lease.sequence == 2)
            #expect(lease.takenOverFrom == nil)
            #expect(lease.expiresAt == bench.now + .seconds(20))
            let event = try #require(try await bench.events(id).last)
            let location = WorkerInfo.sample("w").location
            #expect(event.payload == .claimed(Claimed(worker: WorkerID(unchecked: "w"), location: location)))
            #expect(event.token == lease.token)
            #expect(event.time == bench.now)
            let shown = LeaseInfo(
                worker: WorkerID(unchecked: "w"), location: location, token: lease.token, expiresAt: lease.expiresAt,
                isLive: true)
            #expect(try await bench.summary(id).lease == shown)
            #expect(try await bench.state(id) == .queued)
        },
        ConformanceCase("a live run is refused as leaseHeld, saying by whom, where and until when") { bench in
            let lease = try await bench.claim(try await bench.create("a"), by: "holder")
            for worker in ["other", "holder"] {
                let error = try await bench.refuses(.leaseHeld) {
                    _ = try await bench.claim(lease.history, by: worker)
                }
                let detail = try #require(error?.detail)
                let location = WorkerInfo.sample().location
                for part in ["holder", location, lease.expiresAt.description] { #expect(detail.contains(part)) }
            }
        },
        ConformanceCase("claiming by id takes all or none") { bench in
            let free = try await bench.create("free")
            let held = try await bench.claim(try await bench.create("held")).history
            func claim(_ ids: [HistoryID]) async throws -> [Lease] {
                let request = ClaimRequest(worker: .sample("worker-2"), target: .histories(ids), time: bench.now)
                return try await bench.store.claim(request)
            }
            try await bench.refuses(.leaseHeld) { _ = try await claim([free, held]) }
            try await bench.refuses(.notFound) { _ = try await claim([free, .run(named: "unknown")]) }
            let more = try await bench.create("more")
            let leases = try await claim([more, free])
            #expect(leases.map(\.history) == [more, free])
            #expect(leases[0].token != leases[1].token)
        },
        ConformanceCase("a claim in another visible state than asked for is refused as conflict") { bench in
            let lease = try await bench.createStarted("a")
            bench.clock.advance(by: .seconds(60))
            try await bench.refuses(.conflict) {
                _ = try await bench.claim(lease.history, states: [.queued, .running])
            }
            _ = try await bench.claim(lease.history, states: [.interrupted])
        },
        ConformanceCase("of many claims of one run at once, one wins") { bench in
            let id = try await bench.create("a")
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 16) { index in
                _ = try await (index % 2 == 0 ? bench : other).claim(id, by: "worker-\(index)")
            }
            #expect(outcomes.filter { $0 == nil }.count == 1)
            #expect(outcomes.compactMap { $0 }.allSatisfy { $0.code == .leaseHeld })
            #expect(try await bench.lastSequence(of: id) == 2)
        },
        ConformanceCase("the queue gives queued runs that nobody holds, oldest first, up to the limit") { bench in
            for name in ["c", "a", "d", "b"] {
                try await bench.create(name, dag: name == "d" ? "other" : "etl")
                bench.clock.advance(by: .milliseconds(1))
            }
            _ = try await bench.createStarted("running", by: "far")
            try await bench.finish(try await bench.createStarted("done", by: "far"))
            _ = try await bench.claim(.run(named: "a"), by: "far")
            func claim(dag: String? = nil, limit: Int) async throws -> [String] {
                let target = ClaimRequest.Target.queue(dag: dag.map(DAGID.init(unchecked:)), limit: limit)
                let request = ClaimRequest(worker: .sample(), target: target, time: bench.now)
                return try await bench.store.claim(request).map(\.history.id)
            }
            #expect(try await claim(limit: 1) == ["c"])
            #expect(try await claim(dag: "other", limit: 9) == ["d"])
            #expect(try await claim(limit: 9) == ["b"])
            #expect(try await claim(limit: 9) == [])
        },
        ConformanceCase("many workers at once get every queued run exactly once") { bench in
            for index in 0..<40 { try await bench.create("r\(index)") }
            let other = try await bench.beside()
            let taken = try await withThrowingTaskGroup(of: [String].self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        let store = (worker % 2 == 0 ? bench : other).store
                        var mine: [String] = []
                        while mine.count <= 40 {
                            let target = ClaimRequest.Target.queue(dag: nil, limit: 3)
                            let leases = try await store.claim(
                                ClaimRequest(worker: .sample("worker-\(worker)"), target: target, time: bench.now))
                            if leases.isEmpty { break }
                            mine += leases.map(\.history.id)
                        }
                        return mine
                    }
                }
                return try await group.reduce(into: [String]()) { $0 += $1 }
            }
            #expect(taken.sorted() == (0..<40).map { "r\($0)" }.sorted())
        },
        ConformanceCase("a repeated claim returns the same leases while they are the newest") { bench in
            let ids = [try await bench.create("a"), try await bench.create("b")]
            for target in [ClaimRequest.Target.histories(ids.reversed()), .queue(dag: nil, limit: 5)] {
                let request = ClaimRequest(worker: .sample(), target: target, time: bench.now)
                let first = try await bench.store.claim(request)
                #expect(first.count == 2)
                let before = try await bench.contents()
                #expect(try await bench.store.claim(request) == first)
                #expect(try await bench.contents() == before)
                for lease in first { try await bench.release(lease) }
            }
        },
        ConformanceCase("a repeated claim is a new one once another has taken over") { bench in
            let id = try await bench.create("a")
            let request = ClaimRequest(worker: .sample(), target: .histories([id]), time: bench.now)
            _ = try await bench.store.claim(request)
            bench.clock.advance(by: .seconds(60))
            _ = try await bench.claim(id, by: "worker-2")
            try await bench.refuses(.leaseHeld) { _ = try await bench.store.claim(request) }
        },
    ]
}
