import Holdfast
import Testing

// Limits on what is kept: what goes, in which order, and what never goes. They are kept and applied over the contract alone, so
// that they mean the same on every backend.

extension StoreConformance {
    static let retention: [ConformanceCase] = [
        ConformanceCase("A, Behaviours: maxRunsPerDag: the oldest runs go when a new one is created") { bench in
            try await bench.views.retention.set { $0.maxRunsPerDAG = 2 }
            for id in ["a", "b", "c"] { try await bench.addEnded(id) }
            try await bench.addEnded("other", dag: "other")
            #expect(try await bench.ids() == ["other", "c", "b"])
            try await bench.add("d")
            #expect(try await bench.ids() == ["d", "other", "c"])
            await expectError(.notFound) { _ = try await bench.events(.run(named: "a")) }
        },
        ConformanceCase("A, Behaviours: maxRunsPerDag 100: so many runs of a DAG are there, however many there were") {
            bench in
            try await bench.views.retention.set { $0.maxRunsPerDAG = 100 }
            let snapshot = RunSnapshot(origin: .imported, created: .sample(at: bench.now), state: .success)
            for index in 0..<99 {
                let run = RunID(unchecked: "r\(index)")
                try await bench.store.createRun(run, .restored(snapshot), at: bench.now + .milliseconds(index))
            }
            bench.clock.advance(by: .seconds(1))
            for index in 99..<103 { try await bench.addEnded("r\(index)") }
            #expect(try await bench.ids() == (3..<103).reversed().map { "r\($0)" })
        },
        ConformanceCase("only what has ended is pruned, oldest first, by its creation") { bench in
            try await bench.addEnded("failed", as: .failed)
            try await bench.add("queued")
            let running = try await bench.start(try await bench.add("running"))
            try await bench.addEnded("cancelled", as: .cancelled)
            try await bench.addEnded("success")
            let interrupted = try await bench.start(try await bench.add("interrupted"), by: "worker-2")
            bench.clock.advance(by: .seconds(60))
            #expect(try await bench.state(interrupted.history) == .interrupted)
            #expect(try await bench.pruned(to: 5) == ["failed"])
            #expect(try await bench.pruned(to: 4) == ["cancelled"])
            let report = try await bench.prune(to: 1)
            #expect(report.runs.values.flatMap { $0 }.map(\.rawValue) == ["success"])
            #expect(report.kept == 2)
            #expect(try await bench.ids() == ["interrupted", "running", "queued"])
            #expect(try await bench.state(running.history) == .interrupted)
        },
        ConformanceCase("pinned runs and those that a live worker holds stay, and the next ones go") { bench in
            try await bench.addEnded("pinned")
            try await bench.addEnded("held")
            for id in ["a", "b", "c"] { try await bench.addEnded(id) }
            try await bench.views.runs.pin(RunID(unchecked: "pinned"))
            let lease = try await bench.claim(.run(named: "held"))
            #expect(try await bench.pruned(to: 3) == ["a", "b"])
            #expect(try await bench.prune(to: 1).kept == 1)
            #expect(try await bench.ids() == ["held", "pinned"])
            try await bench.release(lease)
            try await bench.views.runs.pin(RunID(unchecked: "pinned"), false)
            #expect(try await bench.pruned(to: 1) == ["pinned"])
        },
        ConformanceCase("max_age lets go what ended longer ago, whenever it was created") { bench in
            let long = try await bench.start(try await bench.add("long"), for: .seconds(10_000_000))
            try await bench.addEnded("old")
            bench.clock.advance(by: .seconds(86_400))
            try await bench.finish(long)
            try await bench.addEnded("new")
            let retention = bench.views.retention
            try await retention.set { $0.maxAge = .seconds(3600) }
            #expect(try await retention.prune(dryRun: true).runs.values.flatMap { $0 }.map(\.rawValue) == ["old"])
            bench.clock.advance(by: .seconds(3590))
            try await bench.add("next")
            #expect(try await bench.ids() == ["next", "new", "long"])
            bench.clock.advance(by: .seconds(86_400))
            try await bench.add("last")
            #expect(try await bench.ids() == ["last", "next"])
        },
        ConformanceCase("limits of a DAG go before those of the store; 0 keeps all; the last word can be taken back") {
            bench in
            let retention = bench.views.retention
            let etl = DAGID(unchecked: "etl")
            let defaults = bench.store.defaultRetention
            #expect(try await retention.settings().limits() == defaults)
            try await retention.set { $0.maxRunsPerDAG = 7 }
            try await retention.set(for: etl) { $0.maxRunsPerDAG = 0 }
            try await retention.set(for: etl) { $0.maxAge = .seconds(60) }
            let settings = try await bench.reopened().views.retention.settings()
            #expect(settings.limits(for: DAGID(unchecked: "other")).maxRunsPerDAG == 7)
            #expect(settings.limits(for: etl).maxRunsPerDAG == 0)
            #expect(settings.limits(for: etl).maxAge == .seconds(60))
            #expect(settings.limits().maxAge == defaults.maxAge)
        },
        ConformanceCase("limits that are taken back leave the backend's; wrong ones are refused") { bench in
            let retention = bench.views.retention
            let etl = DAGID(unchecked: "etl")
            try await retention.set(for: etl) { $0.maxRunsPerDAG = 3 }
            try await retention.set(for: etl) { $0.maxRunsPerDAG = nil }
            #expect(try await retention.settings().dags.isEmpty)
            #expect(try await retention.settings().limits(for: etl) == bench.store.defaultRetention)
            try await bench.refuses(.invalid) { try await retention.set { $0.maxRunsPerDAG = -1 } }
            try await bench.refuses(.invalid) { try await retention.set { $0.maxAge = .seconds(-1) } }
            try await bench.refuses(.invalid) { try await retention.set(for: etl) { $0.maxProcesses = 1 } }
        },
        ConformanceCase("a dry run tells what would go, and changes nothing") { bench in
            for index in 0..<120 { try await bench.addEnded("r\(index)", dag: index % 2 == 0 ? "even" : "odd") }
            let settings = try await bench.views.retention.settings(changedFor: nil) { $0.maxRunsPerDAG = 5 }
            let before = try await bench.contents()
            let told = try await bench.views.retention.prune(by: settings, dryRun: true)
            #expect(try await bench.contents() == before)
            #expect(told.isDryRun && told.runCount == 110)
            let done = try await bench.views.retention.prune(by: settings)
            #expect(done.runs == told.runs)
            #expect(try await bench.ids() == (110..<120).reversed().map { "r\($0)" })
            #expect(Set(try await bench.store.counts(CountQuery()).map(\.count)) == [5])
        },
        ConformanceCase("prunings at the same time remove no more than the limits want") { bench in
            for index in 0..<60 { try await bench.addEnded("r\(index)") }
            let settings = try await bench.views.retention.settings(changedFor: nil) { $0.maxRunsPerDAG = 40 }
            try await withThrowingTaskGroup { group in
                for _ in 0..<4 {
                    let other = try await bench.beside()
                    group.addTask { _ = try await other.views.retention.prune(by: settings) }
                }
                try await group.waitForAll()
            }
            let left = try await bench.ids()
            #expect(left.count >= 40 && left == (60 - left.count..<60).reversed().map { "r\($0)" })
            _ = try await bench.views.retention.prune(by: settings)
            #expect(try await bench.ids().count == 40)
        },
        ConformanceCase("B, Behaviours: at most 500 processes, however many were added") { bench in
            try await bench.views.retention.set { $0.maxProcesses = 500 }
            var first = Changeset()
            for index in 0..<499 {
                let one = try Changeset.adding(.ended(index, bench.now), origin: .imported, at: bench.now)
                first.appends += one.appends
                first.summaries += one.summaries
            }
            _ = try await bench.store.commit(first)
            for index in 499..<503 { try await bench.processes.add(.ended(index, bench.now)) }
            let left = try await bench.allSummaries(SummaryQuery(kind: .process)).map(\.id.id)
            #expect(left == (3..<503).reversed().map { "p\($0)" })
        },
        ConformanceCase(
            "B, Behaviours: pruned oldest first by startTime, only completed, failed, cancelled ever pruned"
        ) {
            bench in
            let plan: [(String, ProcessStatus, Int)] = [
                ("d", .completed, 4), ("running", .running, 0), ("b", .failed, 2), ("c", .cancelled, 3),
                ("queued", .queued, 1),
            ]
            let start = bench.now
            for (id, status, second) in plan {
                try await bench.processes.add(
                    ProcessRecord(
                        id: ProcessID(unchecked: id), status: status, startTime: start + .seconds(second)))
            }
            try await bench.views.retention.set { $0.maxProcesses = 4 }
            let told = try await bench.views.retention.prune(dryRun: true)
            #expect(told.processes == ["b"] && told.runCount == 0)
            bench.clock.advance(by: .seconds(10))
            try await bench.processes.add(ProcessRecord(id: ProcessID(unchecked: "e"), startTime: bench.now))
            let left = try await bench.allSummaries(SummaryQuery(kind: .process)).map(\.id.id)
            #expect(left == ["e", "d", "queued", "running"])
            try await bench.views.retention.set { $0.maxProcesses = 1 }
            #expect(try await bench.views.retention.prune().processes == ["d"])
        },
        ConformanceCase("what is created behind the views' back, as an import does, prunes nothing") { bench in
            try await bench.views.retention.set { $0.maxRunsPerDAG = 1 }
            for id in ["a", "b", "c"] { try await bench.finish(try await bench.start(try await bench.create(id))) }
            #expect(try await bench.ids().count == 3)
            try await bench.add("d")
            #expect(try await bench.ids() == ["d"])
        },
        ConformanceCase("blobs go with the last run that uses them, once they are a day old") { bench in
            try await bench.addEnded("a", leaving: "shared")
            let own = try await bench.addEnded("b", leaving: "own")
            let shared = try await bench.addEnded("c", leaving: "shared")
            bench.clock.advance(by: .seconds(2 * 86_400))
            let report = try await bench.prune(to: 1)
            #expect(report.runCount == 2 && report.blobsCollected == 1)
            #expect(try await bench.store.readBlob(shared) == Array("shared".utf8))
            await expectError(.notFound) { _ = try await bench.store.readBlob(own) }
        },
        ConformanceCase("after what additions pruned, blobs are collected once a day") { bench in
            try await bench.views.retention.set { $0.maxRunsPerDAG = 1 }
            let first = try await bench.addEnded("a", leaving: "a")
            bench.clock.advance(by: .seconds(2 * 86_400))
            let second = try await bench.addEnded("b", leaving: "b")
            bench.clock.advance(by: .seconds(2 * 86_400))
            await expectError(.notFound) { _ = try await bench.store.readBlob(first) }
            #expect(try await bench.store.readBlob(second) == Array("b".utf8))
            try await bench.add("c")
            await expectError(.notFound) { _ = try await bench.store.readBlob(second) }
        },
    ]
}

extension Workbench {
    /// With an artifact.
    @discardableResult
    fileprivate func addEnded(_ id: String, leaving text: String) async throws -> Digest {
        let history = try await add(id)
        let key = ArtifactKey(unchecked: "report.txt")
        let artifact = try await views.artifacts.save(RunID(unchecked: id), key, Array(text.utf8))
        try await finish(try await start(history))
        return artifact.digest
    }

    /// Prunes every DAG to so many runs.
    fileprivate func prune(to limit: Int) async throws -> PruneReport {
        let settings = try await views.retention.settings(changedFor: nil) { $0.maxRunsPerDAG = limit }
        let report = try await views.retention.prune(by: settings)
        #expect(report.failures.isEmpty)
        return report
    }

    fileprivate func pruned(to limit: Int) async throws -> [String] {
        try await prune(to: limit).runs.values.flatMap { $0 }.map(\.rawValue)
    }
}

extension ProcessRecord {
    /// One that ended as it started: so many seconds after a moment.
    fileprivate static func ended(_ index: Int, _ time: Timestamp) -> ProcessRecord {
        .sample("p\(index)", status: .completed, start: time + .seconds(index))
    }
}
