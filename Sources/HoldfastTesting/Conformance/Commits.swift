import Holdfast
import Testing

// Atomicity across everything in a changeset, and what stands in the history afterwards.

extension StoreConformance {
    static let commits: [ConformanceCase] = [
        ConformanceCase("the events of an append get the next sequences, and the receipt says which") { bench in
            let id = try await bench.create("a")
            let first = try await bench.store.commit(.appending(.signal("s"), .signal("t"), to: id, at: bench.now))
            let second = try await bench.store.commit(.appending(.signal("u"), to: id, at: bench.now))
            #expect(first.sequences == [2...3])
            #expect(second.sequences == [4...4])
            #expect(try await bench.events(id).map(\.sequence) == [1, 2, 3, 4])
        },
        ConformanceCase("one commit writes several histories, summaries and records together") { bench in
            try await bench.create("a")
            let changeset = mixedChangeset(bench)
            let receipt = try await bench.store.commit(changeset)
            #expect(receipt.sequences == [2...2, 1...1])
            #expect(receipt.versions == [1])
            #expect(receipt.position == (try await bench.feed().entries.last?.position))
            #expect(try await bench.events(.run(named: "a")).count == 2)
            #expect(try await bench.summary(.run(named: "a")).isPinned)
            #expect(try await bench.state(.run(named: "b")) == .queued)
            #expect(try await bench.record("k")?.body == ["x": 1])
        },
        ConformanceCase("one refused part refuses the whole changeset") { bench in
            let lease = try await bench.createStarted("a")
            let free = try await bench.create("free")
            try await bench.put("old", 1)
            let unknown = HistoryID.run(named: "unknown")
            let spoilers: [(StoreError.Code, Changeset)] = [
                (.notFound, .appending(.signal("s"), to: unknown, at: bench.now)),
                (.leaseLost, .appending(.step("s"), to: free, token: lease.token, at: bench.now)),
                (.conflict, Changeset(summaries: [.update(SummaryUpdate(free, expectedStates: [.failed]))])),
                (.notFound, Changeset(summaries: [.update(SummaryUpdate(unknown))])),
                (.conflict, Changeset(records: [.put(Record(kind: "doc", key: "old", body: 2), expectedVersion: 0)])),
                (.leaseLost, Changeset(deletions: [Changeset.Deletion(free, token: lease.token)])),
                (.notFound, Changeset(deletions: [Changeset.Deletion(unknown, token: lease.token)])),
            ]
            for (code, spoiler) in spoilers {
                var changeset = mixedChangeset(bench)
                changeset.appends += spoiler.appends
                changeset.summaries += spoiler.summaries
                changeset.records += spoiler.records
                changeset.deletions += spoiler.deletions
                changeset.releases = [Changeset.Release(lease.history, token: lease.token)]
                try await bench.refuses(code, changeset)
            }
        },
        ConformanceCase("a refused changeset among many at once leaves its neighbours untouched") { bench in
            let ids = (0..<20).map { HistoryID.run(named: "r\($0)") }
            for id in ids { try await bench.create(id.id) }
            let outcomes = try await outcomesAtOnce(count: 120) { index in
                // Every third expects a sequence that never comes.
                let changeset = Changeset.appending(
                    .signal("s\(index)"), to: ids[index % ids.count], lastKnown: index % 3 == 0 ? 5000 : 0,
                    requiresLastKnown: index % 3 == 0, at: bench.now)
                _ = try await bench.store.commit(changeset)
            }
            for (index, outcome) in outcomes.enumerated() {
                #expect(outcome?.code == (index % 3 == 0 ? .conflict : nil))
            }
            var names: Set<String> = []
            for id in ids {
                let events = try await bench.events(id)
                #expect(events.map(\.sequence) == Array(1...Int64(events.count)))
                for case .signalled(let name, _) in events.map(\.payload) { names.insert(name) }
            }
            #expect(names == Set((0..<120).filter { $0 % 3 != 0 }.map { "s\($0)" }))
        },
        ConformanceCase("a commit whose caller is cancelled is written whole or refused whole") { bench in
            let id = try await bench.create("a")
            let changesets = (0..<50).map { Changeset.appending(.signal("s\($0)"), to: id, at: bench.now) }
            let tasks = changesets.map { changeset in Task { try await bench.store.commit(changeset) } }
            for task in tasks { task.cancel() }
            var written: Set<Int64> = [1]
            for task in tasks {
                switch await task.result {
                case .success(let receipt): written.formUnion(receipt.sequences.flatMap { Array($0) })
                case .failure(let error): #expect((error as? StoreError)?.code == .unavailable)
                }
            }
            #expect(Set(try await bench.events(id).map(\.sequence)) == written)
        },
        ConformanceCase("every kind of event comes back as it was written") { bench in
            let digest = try await bench.store.writeBlob(ByteStream([1, 2, 3])).digest
            let lease = try await bench.claim(try await bench.create("a"))
            for (index, payload) in EventPayload.oneOfEach(blob: digest).enumerated() {
                let time = Timestamp(milliseconds: 1_767_225_600_001 + Int64(index))
                let changeset = Changeset.appending(payload, to: lease.history, token: lease.token, at: time)
                let sequence = try await bench.store.commit(changeset).sequences[0].lowerBound
                let page = try await bench.store.history(HistoryQuery(lease.history, from: sequence))
                #expect(page.elements.map(\.payload) == [payload])
                #expect(page.elements.map(\.time) == [time])
            }
        },
        ConformanceCase("a run that ended before it started, as imported ones may, has no duration to list it by") {
            bench in
            let (start, end) = (bench.now, bench.now - .seconds(3600))
            let task = RunSnapshot.Instance(
                InstanceID(TaskID(unchecked: "t")), state: .success, tryNumber: 1, startedAt: start, endedAt: end)
            let snapshot = RunSnapshot(
                origin: .imported, created: .sample(at: start), state: .success, startedAt: start, endedAt: end,
                instances: [task])
            let run = RunID(unchecked: "a")
            try await bench.store.createRun(run, .restored(snapshot), at: start)
            let json = try await bench.views.runs.detail(run).outputJSON
            #expect(json["duration_seconds"] == .null && json["tasks"]?[0]?["duration_seconds"] == .null)
            #expect(json["ended_at"] == .string(end.description))
            #expect(try await bench.allSummaries(SummaryQuery(order: .duration)).isEmpty)
            #expect(try await bench.allSummaries(SummaryQuery(order: .ended)).map(\.id) == [.run(run)])
        },
        ConformanceCase("a snapshot may begin a history") { bench in
            let snapshot = RunSnapshot(
                origin: .imported, created: .sample(at: bench.now), state: .failed, startedAt: bench.now,
                endedAt: bench.now, failureReason: "it broke")
            let fold = try await bench.store.createRun(
                RunID(unchecked: "a"), .restored(snapshot), at: bench.now)
            #expect(try await bench.store.fold(RunID(unchecked: "a")) == fold)
            #expect(try await bench.summary(.run(named: "a")).folded == fold.summaryColumns)
        },
        ConformanceCase("an empty changeset is committed with an empty receipt") { bench in
            let receipt = try await bench.store.commit(Changeset())
            #expect(receipt == Receipt())
        },
    ]

    /// Touches run `a`, creates run `b` and puts record `k`.
    private static func mixedChangeset(_ bench: Workbench) -> Changeset {
        let created = Changeset.creating(.run(named: "b"), .sample(at: bench.now), at: bench.now)
        let pin = Changeset.appending(.pinned(true), to: .run(named: "a"), at: bench.now)
        return Changeset(
            appends: pin.appends + created.appends,
            summaries: [.update(SummaryUpdate(.run(named: "a"), isPinned: true))] + created.summaries,
            records: [.put(Record(kind: "doc", key: "k", body: ["x": 1]), expectedVersion: 0)])
    }
}

/// Does something many times at once.
/// - Returns: the error of each, in order; nil where it succeeded.
func outcomesAtOnce(
    count: Int, _ act: @escaping @Sendable (Int) async throws -> Void
) async throws -> [StoreError?] {
    try await withThrowingTaskGroup(of: (Int, StoreError?).self) { group in
        for index in 0..<count {
            group.addTask {
                do {
                    try await act(index)
                    return (index, nil)
                } catch let error as StoreError {
                    return (index, error)
                }
            }
        }
        var outcomes: [StoreError?] = Array(repeating: nil, count: count)
        for try await (index, outcome) in group { outcomes[index] = outcome }
        return outcomes
    }
}
