import Holdfast
import Testing

// A dead worker's runs are shown as interrupted with nobody having to repair anything, and can be taken over.

extension StoreConformance {
    static let liveness: [ConformanceCase] = [
        ConformanceCase("a dead worker's run is listed, filtered and counted as interrupted") { bench in
            let running = try await bench.createStarted("running").history
            let waiting = try await bench.start(try await bench.create("waiting"), state: .waiting).history
            let alive = try await bench.start(try await bench.create("alive"), by: "alive", for: .seconds(300)).history
            _ = try await bench.claim(try await bench.create("queued"))
            try await bench.finish(try await bench.createStarted("done"), as: .failed)
            #expect(try await interrupted(bench) == [])

            bench.clock.advance(by: .milliseconds(29_999))
            #expect(try await interrupted(bench) == [])
            bench.clock.advance(by: .milliseconds(1))
            #expect(try await interrupted(bench) == [running.id, waiting.id])
            #expect(try await bench.state(running) == .interrupted)
            #expect(try await bench.state(waiting) == .interrupted)
            #expect(try await bench.state(alive) == .running)
            #expect(try await bench.state(.run(named: "queued")) == .queued)
            #expect(try await bench.state(.run(named: "done")) == .failed)
            #expect(try await bench.summary(running).folded.state == .running)
            #expect(try await bench.summary(running).lease?.isLive == false)
            #expect(try await ids(bench, [.running]) == ["alive"])
            #expect(try await ids(bench, [.waiting]) == [])
            #expect(try await ids(bench, [.interrupted, .running]) == ["alive", "running", "waiting"])
        },
        ConformanceCase("taking over writes who it was taken from") { bench in
            for state in [RunState.running, .waiting] {
                let id = try await bench.create(state.rawValue)
                let old = try await bench.start(id, by: "old", state: state)
                bench.clock.advance(by: .seconds(60))
                let new = try await bench.claim(id, by: "new")
                #expect(new.takenOverFrom == WorkerID(unchecked: "old"))
                #expect(new.token > old.token)
                let event = try #require(try await bench.events(id).last)
                #expect(event.payload.type == "taken_over")
                #expect(event.token == new.token)
                #expect(try await bench.state(id) == state)
            }
        },
        ConformanceCase("a dead lease on a queued run was taken over too") { bench in
            let id = try await bench.create("a")
            _ = try await bench.claim(id, by: "old")
            bench.clock.advance(by: .seconds(60))
            #expect(try await bench.claim(id, by: "new").takenOverFrom == WorkerID(unchecked: "old"))
        },
        ConformanceCase("a lease that was given back leaves its data and can be claimed at once") { bench in
            let lease = try await bench.claim(try await bench.create("a"), by: "old")
            try await bench.release(lease)
            let shown = try #require(try await bench.summary(lease.history).lease)
            #expect(shown.worker == WorkerID(unchecked: "old"))
            #expect(shown.token == lease.token)
            #expect(shown.expiresAt == nil)
            #expect(!shown.isLive)
            let next = try await bench.claim(lease.history, by: "new")
            #expect(next.takenOverFrom == nil)
            #expect(try await bench.events(lease.history).last?.payload.type == "claimed")
        },
        ConformanceCase("an active run whose lease was given back is interrupted and taken over") { bench in
            let lease = try await bench.createStarted("a", by: "old")
            try await bench.release(lease)
            #expect(try await bench.state(lease.history) == .interrupted)
            #expect(try await interrupted(bench) == ["a"])
            #expect(try await bench.claim(lease.history, by: "new").takenOverFrom == WorkerID(unchecked: "old"))
        },
        ConformanceCase("an active run that nobody ever held is interrupted and taken over from the claimer") { bench in
            let snapshot = RunSnapshot(origin: .imported, created: .sample(at: bench.now), state: .running)
            try await bench.store.createRun(RunID(unchecked: "a"), .restored(snapshot), at: bench.now)
            #expect(try await interrupted(bench) == ["a"])
            let lease = try await bench.claim(.run(named: "a"), by: "new")
            #expect(lease.takenOverFrom == WorkerID(unchecked: "new"))
            #expect(try await bench.store.fold(RunID(unchecked: "a")).state == .interrupted)
        },
        ConformanceCase("a release under an older token has no effect") { bench in
            let old = try await bench.createStarted("a")
            bench.clock.advance(by: .seconds(60))
            let new = try await bench.claim(old.history, by: "worker-2")
            try await bench.release(old)
            #expect(try await bench.summary(new.history).lease?.isLive == true)
            _ = try await bench.store.commit(
                Changeset(releases: [Changeset.Release(.run(named: "unknown"), token: new.token)]))
        },
        ConformanceCase("a commit may give its lease back, once the rest is written") { bench in
            let lease = try await bench.createStarted("a")
            var last = bench.owned(by: lease, .interrupted(reason: "SIGTERM"))
            last.releases = [Changeset.Release(lease.history, token: lease.token)]
            _ = try await bench.store.commit(last)
            #expect(try await bench.summary(lease.history).lease?.isLive == false)
            #expect(try await bench.lastSequence(of: lease.history) == 4)
        },
    ]

    private static func ids(_ bench: Workbench, _ states: Set<RunState>) async throws -> [String] {
        let listed = try await bench.allSummaries(SummaryQuery(states: states)).map(\.id.id).sorted()
        let counted = try await bench.store.counts(CountQuery(states: states)).reduce(0) { $0 + $1.count }
        #expect(counted == listed.count)
        return listed
    }

    private static func interrupted(_ bench: Workbench) async throws -> [String] {
        try await ids(bench, [.interrupted])
    }

    static let renewals: [ConformanceCase] = [
        ConformanceCase("a renewal extends every lease of its worker, without an event") { bench in
            let leases = [try await bench.createStarted("a"), try await bench.createStarted("b")]
            let position = try await bench.feed().next
            for _ in 0..<4 {
                bench.clock.advance(by: .seconds(20))
                let renewal = try await renew(bench, leases)
                #expect(renewal == Renewal(expiresAt: bench.now + .seconds(30)))
            }
            for lease in leases {
                let shown = try #require(try await bench.summary(lease.history).lease)
                #expect(shown.isLive)
                #expect(shown.expiresAt == bench.now + .seconds(30))
            }
            #expect(try await bench.feed().next == position)
        },
        ConformanceCase("a renewal says what was lost") { bench in
            let kept = try await bench.createStarted("kept")
            let taken = try await bench.createStarted("taken")
            let deleted = try await bench.createStarted("deleted")
            bench.clock.advance(by: .seconds(60))
            _ = try await bench.claim(taken.history, by: "worker-2")
            try await bench.delete(deleted)
            let renewal = try await renew(bench, [kept, taken, deleted])
            #expect(renewal.lost == [taken.history, deleted.history])
            #expect(renewal.released == [])
            #expect(try await bench.state(kept.history) == .running)
            #expect(try await bench.summary(taken.history).lease?.worker == WorkerID(unchecked: "worker-2"))
        },
        ConformanceCase("a renewal says what should be cancelled") { bench in
            let leases = [try await bench.createStarted("a"), try await bench.createStarted("b")]
            try await bench.store.request(.cancelRequested(reason: nil), of: RunID(unchecked: "b"), at: bench.now)
            #expect(try await renew(bench, leases).cancelled == [leases[1].history])
        },
        ConformanceCase("a renewal gives back what its worker does not name") { bench in
            let named = try await bench.createStarted("named")
            let forgotten = try await bench.createStarted("forgotten")
            let foreign = try await bench.createStarted("foreign", by: "worker-2")
            let renewal = try await renew(bench, [named])
            #expect(renewal.released == [forgotten.history])
            #expect(try await bench.state(forgotten.history) == .interrupted)
            #expect(try await bench.state(foreign.history) == .running)
            #expect(try await renew(bench, [named]).released == [])
        },
    ]

    private static func renew(_ bench: Workbench, _ leases: [Lease]) async throws -> Renewal {
        let held = Dictionary(uniqueKeysWithValues: leases.map { ($0.history, $0.token) })
        return try await bench.store.renew(RenewRequest(worker: .sample(), held: held))
    }
}
