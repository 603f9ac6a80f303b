import Holdfast
import Testing

// The exact code of each condition, and that a refusal writes nothing.

extension StoreConformance {
    static let conditions: [ConformanceCase] = [
        ConformanceCase("creating what exists is refused as alreadyExists") { bench in
            let id = try await bench.create("a")
            try await bench.refuses(.alreadyExists, .creating(id, .sample(at: bench.now), at: bench.now))
        },
        ConformanceCase("appending to an unknown history is refused as notFound") { bench in
            try await bench.create("a")
            for payload in [EventPayload.signal("s"), .pinned(true), .cancelRequested(reason: nil)] {
                try await bench.refuses(.notFound, .appending(payload, to: .run(named: "b"), at: bench.now))
            }
            let token = LeaseToken(rawValue: 1)
            try await bench.refuses(
                .notFound, .appending(.step("s"), to: .run(named: "b"), token: token, at: bench.now))
        },
        ConformanceCase("updating an unknown summary is refused as notFound") { bench in
            let update = SummaryUpdate(.run(named: "a"), isPinned: true)
            try await bench.refuses(.notFound, Changeset(summaries: [.update(update)]))
        },
        ConformanceCase("a history at another sequence than required is refused as conflict") { bench in
            let id = try await bench.create("a")
            for known: Int64 in [0, 2] {
                try await bench.refuses(
                    .conflict,
                    .appending(.signal("s"), to: id, lastKnown: known, requiresLastKnown: true, at: bench.now))
            }
            let fitting = Changeset.appending(
                .signal("s"), to: id, lastKnown: 1, requiresLastKnown: true, at: bench.now)
            #expect(try await bench.store.commit(fitting).sequences == [2...2])
        },
        ConformanceCase("the last known sequence is no condition unless it is required") { bench in
            let id = try await bench.create("a")
            for known: Int64 in [0, 1, 100] {
                _ = try await bench.store.commit(.appending(.signal("s"), to: id, lastKnown: known, at: bench.now))
            }
            #expect(try await bench.lastSequence(of: id) == 4)
        },
        ConformanceCase("a summary in another stored state than expected is refused as conflict") { bench in
            let lease = try await bench.createStarted("a")
            bench.clock.advance(by: .seconds(60))
            #expect(try await bench.state(lease.history) == .interrupted)
            func update(_ states: Set<RunState>) -> Changeset {
                Changeset(summaries: [.update(SummaryUpdate(lease.history, expectedStates: states, isPinned: true))])
            }
            try await bench.refuses(.conflict, update([.queued, .failed]))
            try await bench.refuses(.conflict, update([.interrupted]))
            _ = try await bench.store.commit(update([.queued, .running]))
            #expect(try await bench.summary(lease.history).isPinned)
        },
        ConformanceCase("updates name columns: owner and requesters leave each other's alone") { bench in
            let lease = try await bench.createStarted("a")
            let id = lease.history
            let asked = SummaryUpdate(
                id, isPinned: true, metadata: ["a": 1, "b": 2], cancelRequestedAt: .set(bench.now),
                wakeAt: .set(bench.now + .seconds(5)))
            _ = try await bench.store.commit(Changeset(summaries: [.update(asked)]))
            let columns = fullColumns(at: bench.now)
            let owned = SummaryUpdate(id, folded: columns, token: lease.token)
            _ = try await bench.store.commit(Changeset(summaries: [.update(owned)]))
            let change = SummaryUpdate(id, metadata: ["b": .null, "c": "x"], wakeAt: .clear)
            _ = try await bench.store.commit(Changeset(summaries: [.update(change)]))

            let summary = try await bench.summary(id)
            #expect(summary.folded == columns)
            #expect(summary.isPinned)
            #expect(summary.metadata == ["a": 1, "c": "x"])
            #expect(summary.cancelRequestedAt == bench.now)
            #expect(summary.wakeAt == nil)
        },
        ConformanceCase("a summary comes back as it was created") { bench in
            let id = HistoryID.run(named: "a")
            let created = RunCreated.sample(
                dag: "etl", workspace: "w", parent: "p", labels: ["team": "data", "é": "\u{1F600}"],
                params: ["n": 1], at: bench.now)
            var changeset = Changeset.creating(id, created, at: bench.now)
            var summary = Summary.sample(id, created, at: bench.now)
            summary.trigger = "backfill"
            summary.logicalDate = Timestamp(milliseconds: -1)
            summary.folded = fullColumns(at: bench.now)
            summary.isPinned = true
            summary.metadata = ["deep": ["list": [1, 2.5, .null]]]
            summary.cancelRequestedAt = bench.now
            summary.wakeAt = bench.now + .milliseconds(1)
            changeset.summaries = [.create(summary)]
            _ = try await bench.store.commit(changeset)
            summary.folded.asOf = 1
            #expect(try await bench.summary(id) == summary)
        },
        ConformanceCase("a summary names the sequence that its commit gave, whatever the caller thought") { bench in
            let lease = try await bench.createStarted("a")
            let known = try await bench.lastSequence(of: lease.history)
            let request = NewEvent(at: bench.now, .pinned(true))
            _ = try await bench.store.commit(
                Changeset(appends: [Changeset.Append(lease.history, events: [request])]))
            var columns = try await bench.summary(lease.history).folded
            columns.asOf = known + 1
            columns.updatedAt = bench.now
            let update = SummaryUpdate(lease.history, folded: columns, token: lease.token)
            let own = NewEvent(at: bench.now, .interrupted(reason: "test"))
            let receipt = try await bench.store.commit(
                Changeset(
                    appends: [
                        Changeset.Append(lease.history, token: lease.token, lastKnown: known, events: [own])
                    ], summaries: [.update(update)]))
            #expect(receipt.sequences == [known + 2...known + 2])
            let stored = try await bench.summary(lease.history).folded.asOf
            #expect(stored == known + 2)
        },
        ConformanceCase("changesets that contradict themselves are refused as invalid") { bench in
            let lease = try await bench.createStarted("a")
            let now = bench.now
            let other = HistoryID.run(named: "b")
            let creation = Changeset.creating(other, .sample(at: now), at: now)
            let signal = Changeset.appending(.signal("s"), to: lease.history, at: now)
            let record = RecordChange.put(Record(kind: "doc", key: "k", body: 1), expectedVersion: nil)
            let pin = SummaryChange.update(SummaryUpdate(lease.history, isPinned: true))
            let claimed = EventPayload.claimed(Claimed(worker: WorkerID(unchecked: "w")))
            for changeset in [
                Changeset(appends: [Changeset.Append(lease.history, events: [])]),
                Changeset(appends: signal.appends + signal.appends),
                Changeset(summaries: [pin, pin]),
                Changeset(records: [record, record]),
                Changeset(
                    appends: signal.appends, deletions: [Changeset.Deletion(lease.history, token: lease.token)]),
                Changeset(appends: creation.appends),
                Changeset(summaries: creation.summaries),
                .appending(claimed, to: lease.history, token: lease.token, at: now),
                .appending(.step("s"), to: lease.history, at: now),
                .appending(.signal("s"), .created(.sample(at: now)), to: lease.history, at: now),
            ] {
                try await bench.refuses(.invalid, changeset)
            }
        },
    ]

    private static func fullColumns(at time: Timestamp) -> Summary.Folded {
        Summary.Folded(
            asOf: 1, state: .running, updatedAt: time, startedAt: time, endedAt: time + .seconds(7),
            failureReason: "it \"broke\"\n", taskCounts: [.success: 2, .upForRetry: 1], resumeCount: 4, retryCount: 5,
            dagVersion: Digest(of: [1]), versionLabel: "v3", params: ["date": "2026-01-01", "rows": [1, .null]])
    }
}
