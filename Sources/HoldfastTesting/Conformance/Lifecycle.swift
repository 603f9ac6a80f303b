import Holdfast
import Testing

// Opening, reopening and closing; tenants; upkeep.

extension StoreConformance {
    static let lifecycle: [ConformanceCase] = [
        ConformanceCase("everything is there after reopening") { bench in
            let lease = try await bench.createStarted("a")
            try await bench.finish(try await bench.createStarted("b"))
            try await bench.delete(try await bench.createStarted("c"))
            try await bench.put("k", ["x": 1])
            let digest = try await bench.store.writeBlob(ByteStream([1, 2, 3])).digest
            let before = try await bench.contents()
            let events = try await bench.events(lease.history)

            let reopened = try await bench.reopened()
            #expect(try await reopened.contents() == before)
            #expect(try await reopened.events(lease.history) == events)
            #expect(try await reopened.store.readBlob(digest) == [1, 2, 3])
            _ = try await reopened.store.commit(reopened.owned(by: lease, .step("s")))
            #expect(try await reopened.lastSequence(of: lease.history) == 4)
        },
        ConformanceCase("a store can be closed again without effect, and refuses all work as unavailable") { bench in
            let id = try await bench.create("a")
            let store = bench.store
            try await store.close()
            try await store.close()
            let claim = ClaimRequest(worker: .sample(), target: .histories([id]), time: bench.now)
            let refused: [@Sendable () async throws -> Void] = [
                {
                    _ = try await store.commit(Changeset(records: [.delete(kind: "k", key: "k", expectedVersion: nil)]))
                },
                { _ = try await store.claim(claim) },
                { _ = try await store.renew(RenewRequest(worker: .sample(), held: [:])) },
                { _ = try await store.summaries(SummaryQuery()) },
                { _ = try await store.history(HistoryQuery(id)) },
                { _ = try await store.feed(FeedQuery(.beginning)) },
                { _ = try await store.records(RecordQuery(kind: "doc")) },
                { _ = try await store.counts(CountQuery()) },
                { _ = try await store.writeBlob(ByteStream([1])) },
                { _ = try await store.readBlob(Digest(of: [1])) },
                { _ = try await store.maintain(MaintenanceRequest(check: true)) },
            ]
            for work in refused { await expectError(.unavailable, work) }
        },
        ConformanceCase("closing while busy: accepted commits are written, the others refused") { bench in
            let ids = try await bench.createMany(4)
            let begun = AsyncStream<Void>.makeStream()
            let writing = Task {
                try await outcomesAtOnce(count: 200) { index in
                    if index == 20 { begun.continuation.finish() }
                    try await bench.request(.signal("s\(index)"), of: ids[index % 4])
                }
            }
            for await _ in begun.stream {}
            try await bench.store.close()
            let outcomes = try await writing.value
            #expect(outcomes.compactMap { $0 }.allSatisfy { $0.code == .unavailable })
            let accepted = Set(outcomes.indices.filter { outcomes[$0] == nil }.map { EventPayload.signal("s\($0)") })
            let reopened = try await bench.reopened()
            var written: Set<EventPayload> = []
            for id in ids { written.formUnion(try await reopened.events(id).dropFirst().map(\.payload)) }
            #expect(written == accepted)
        },
        ConformanceCase("closing ends those who wait on the feed") { bench in
            let start = try await bench.feed().next
            let waiting = Task { try await bench.store.feed(FeedQuery(.after(start), wait: .seconds(60))) }
            await Task.yield()
            try await bench.store.close()
            await promptly { _ = await expectError(.unavailable) { _ = try await waiting.value } }
        },
        ConformanceCase("a second handle sees every commit of the first at once, and goes on when that closes") {
            bench in
            let other = try await bench.beside()
            for index in 0..<10 {
                let id = try await bench.create("r\(index)")
                #expect(try await other.state(id) == .queued)
                _ = try await other.claim(id)
                #expect(try await bench.summary(id).lease?.isLive == true)
            }
            guard bench.handles.harness.opensSeveralAtOnce else { return }
            try await bench.store.close()
            #expect(try await other.allSummaries().count == 10)
        },
        ConformanceCase("a tenant sees nothing of another") { bench in
            let id = try await bench.create("a")
            let lease = try await bench.claim(id)
            try await bench.put("k", 1)
            let digest = try await bench.store.writeBlob(ByteStream([1, 2])).digest
            if !bench.handles.harness.opensSeveralAtOnce { try await bench.store.close() }
            let stranger = try await bench.handles.open(tenant: Tenant(unchecked: "stranger"))
            let other = Workbench(handles: bench.handles, store: stranger)
            #expect(try await other.contents().runs == [])
            #expect(try await other.feed().entries == [])
            #expect(try await other.record("k") == nil)
            #expect(try await other.store.counts(CountQuery()) == [])
            await expectError(.notFound) { _ = try await other.events(id) }
            await expectError(.notFound) { _ = try await other.claim(id) }
            await expectError(.notFound) { _ = try await other.store.commit(other.owned(by: lease, .step("s"))) }
            await expectError(.notFound) { _ = try await other.store.readBlob(digest) }
            try await other.create("a")
            #expect(try await other.lastSequence(of: id) == 1)
        },
        ConformanceCase("upkeep of a sound store finds nothing and changes nothing that is seen") { bench in
            let lease = try await bench.createStarted("a")
            try await bench.delete(try await bench.createStarted("b"))
            try await bench.put("k", 1)
            let digest = try await bench.store.writeBlob(ByteStream([1, 2, 3])).digest
            let saved = ArtifactReference(
                key: ArtifactKey(unchecked: "x"), mediaType: "text/plain", digest: digest, size: 3)
            _ = try await bench.store.commit(bench.owned(by: lease, .artifactSaved(saved)))
            let before = try await bench.contents()
            let request = MaintenanceRequest(check: true, compact: true, collectBlobsOlderThan: .seconds(3600))
            let writing = Task {
                try await outcomesAtOnce(count: 30) { _ in try await bench.put("busy", 1, kind: "other") }
            }
            let report = try await bench.store.maintain(request)
            #expect(try await writing.value.allSatisfy { $0 == nil })
            #expect(report.findings == [])
            #expect(!report.checked.isEmpty)
            #expect(try await bench.contents() == before)
            #expect(try await bench.store.readBlob(digest) == [1, 2, 3])
        },
    ]
}
