import Holdfast
import Testing

// After a lost answer a changeset is committed again: it is known by its id, before fence and conditions.

extension StoreConformance {
    static let repeats: [ConformanceCase] = [
        ConformanceCase("a repeated commit returns the first receipt and writes nothing") { bench in
            let id = try await bench.create("a")
            var changeset = Changeset.appending(.signal("s"), .signal("t"), to: id, lastKnown: 1, at: bench.now)
            changeset.records = [.put(Record(kind: "doc", key: "k", body: 1), expectedVersion: nil)]
            let first = try await bench.store.commit(changeset)
            try await bench.request(.signal("later"), of: id)
            try await bench.put("k", 2)
            let before = try await bench.contents()
            #expect(try await bench.store.commit(changeset) == first)
            let reopened = try await bench.reopened()
            #expect(try await reopened.store.commit(changeset) == first)
            #expect(try await reopened.contents() == before)
        },
        ConformanceCase("a repeated creation is no conflict with itself") { bench in
            let created = Changeset.creating(.run(named: "a"), .sample(at: bench.now), at: bench.now)
            let first = try await bench.store.commit(created)
            #expect(try await bench.store.commit(created) == first)
            #expect(try await bench.lastSequence(of: .run(named: "a")) == 1)
        },
        ConformanceCase("a repeated commit is known before its fence: a lost lease does not matter") { bench in
            let lease = try await bench.createStarted("a")
            let changeset = bench.owned(by: lease, .step("s"))
            let first = try await bench.store.commit(changeset)
            bench.clock.advance(by: .seconds(60))
            _ = try await bench.claim(lease.history, by: "worker-2")
            #expect(try await bench.store.commit(changeset) == first)
            try await bench.refuses(.leaseLost, bench.owned(by: lease, .step("s")))
        },
        ConformanceCase("a repeated commit is known before its conditions") { bench in
            let id = try await bench.create("a")
            var changeset = Changeset.appending(
                .pinned(true), to: id, lastKnown: 1, requiresLastKnown: true, at: bench.now)
            changeset.records = [.put(Record(kind: "doc", key: "k", body: 1), expectedVersion: 0)]
            let first = try await bench.store.commit(changeset)
            #expect(try await bench.store.commit(changeset) == first)
            #expect(try await bench.record("k")?.version == 1)
        },
        ConformanceCase("a changeset without events is remembered, also after reopening") { bench in
            let lease = try await bench.claim(try await bench.create("a"))
            let record = Record(kind: "doc", key: "k", body: 1)
            let changeset = Changeset(
                records: [.put(record, expectedVersion: 0)],
                deletions: [Changeset.Deletion(lease.history, token: lease.token)])
            let first = try await bench.store.commit(changeset)
            #expect(first.position != nil)
            bench.clock.advance(by: .seconds(23 * 3600))
            try await bench.put("other", 1)
            #expect(try await bench.store.commit(changeset) == first)
            let reopened = try await bench.reopened()
            #expect(try await reopened.store.commit(changeset) == first)
        },
        ConformanceCase("one changeset committed many times at once is written once") { bench in
            let id = try await bench.create("a")
            let changeset = Changeset.appending(.signal("s"), to: id, lastKnown: 1, at: bench.now)
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 40) { index in
                let receipt = try await (index % 2 == 0 ? bench : other).store.commit(changeset)
                #expect(receipt.sequences == [2...2])
            }
            #expect(outcomes == Array(repeating: nil, count: 40))
            #expect(try await bench.lastSequence(of: id) == 2)
        },
        ConformanceCase("equal changesets under different ids are different commits") { bench in
            let id = try await bench.create("a")
            for _ in 0..<3 { try await bench.request(.signal("s"), of: id) }
            #expect(try await bench.lastSequence(of: id) == 4)
        },
    ]
}
