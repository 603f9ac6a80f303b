import Holdfast
import Testing

// Histories without gaps and reads of whole commits, whatever commits at the same time.

extension StoreConformance {
    static let ordering: [ConformanceCase] = [
        ConformanceCase("sequences are gap-free under concurrent commits to one history") { bench in
            let id = try await bench.create("a")
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 100) { index in
                try await (index % 2 == 0 ? bench : other).request(.signal("s\(index)"), of: id)
            }
            #expect(outcomes.allSatisfy { $0 == nil })
            let events = try await bench.events(id)
            #expect(events.map(\.sequence) == Array(1...101))
            #expect(Set(events.dropFirst().map(\.payload)) == Set((0..<100).map { EventPayload.signal("s\($0)") }))
        },
        ConformanceCase("positions rise with the sequences of every history under concurrent commits") { bench in
            let ids = try await bench.createMany(5)
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 100) { index in
                let store = (index % 2 == 0 ? bench : other).store
                var changeset = Changeset.appending(.signal("s"), to: ids[index % 5], at: bench.now)
                changeset.appends += Changeset.appending(.signal("t"), to: ids[(index + 1) % 5], at: bench.now).appends
                _ = try await store.commit(changeset)
            }
            #expect(outcomes.allSatisfy { $0 == nil })
            let entries = try await bench.feed().entries
            #expect(entries.count == 205)
            #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.position < $1.position })
            for id in ids {
                let told = entries.filter { $0.history == id }.compactMap(\.event)
                #expect(told == (try await bench.events(id)))
            }
        },
        ConformanceCase("a read sees whole commits only") { bench in
            let ids = try await bench.createMany(2)
            let other = try await bench.beside()
            let writing = Task {
                for number: Int64 in 1...60 {
                    let changes = ids.map { SummaryChange.update(SummaryUpdate($0, metadata: ["n": .int(number)])) }
                    _ = try await other.store.commit(Changeset(summaries: changes))
                }
            }
            for _ in 0..<100 {
                let seen = try await bench.store.summaries(SummaryQuery()).elements.map { $0.metadata["n"] }
                #expect(seen.count == 2)
                #expect(seen.first == seen.last)
                await Task.yield()
            }
            try await writing.value
            #expect(try await bench.allSummaries().map { $0.metadata["n"] } == [60, 60])
        },
        ConformanceCase("a page of a history begins where it was asked to") { bench in
            let id = try await bench.create("a")
            let signals = (2...25).map { NewEvent(at: bench.now, .signal("s\($0)")) }
            _ = try await bench.store.commit(Changeset(appends: [Changeset.Append(id, events: signals)]))
            let page = try await bench.store.history(HistoryQuery(id, from: 5, limit: 7))
            #expect(page.elements.map(\.sequence) == Array(5...11))
            #expect(page.nextCursor == nil)
            #expect(try await bench.store.events(of: id).count == 25)
            #expect(try await bench.store.history(HistoryQuery(id, from: 26)).elements == [])
            #expect(try await bench.store.history(HistoryQuery(id, from: -3, limit: 1)).elements.map(\.sequence) == [1])
            await expectError(.notFound) { _ = try await bench.store.history(HistoryQuery(.run(named: "b"))) }
        },
        ConformanceCase("a history can be read for the XComs of one task") { bench in
            let lease = try await bench.createStarted("a")
            let load = InstanceID(TaskID(unchecked: "load"), mapIndex: 1)
            let silent = TaskFinished(instance: load, tryNumber: 1, state: .failed)
            var loud = silent
            loud.xcoms = ["return_value": 1]
            let payloads: [EventPayload] = [
                .step("load"), .step("other"), .taskFinished(silent), .taskFinished(loud),
                .xcomSet(instance: load, key: "k", value: 2), .xcomDeleted(instance: load, key: "k"), .signal("load"),
            ]
            let events = payloads.map { NewEvent(at: bench.now, $0) }
            _ = try await bench.store.commit(
                Changeset(appends: [Changeset.Append(lease.history, token: lease.token, events: events)]))
            func sequences(from first: Int64, limit: Int = 100) async throws -> [Int64] {
                let query = HistoryQuery(lease.history, from: first, xcomTask: load.task, limit: limit)
                return try await bench.store.history(query).elements.map(\.sequence)
            }
            #expect(try await sequences(from: 1) == [4, 7, 8, 9])
            #expect(try await sequences(from: 5, limit: 2) == [7, 8])
        },
    ]
}
