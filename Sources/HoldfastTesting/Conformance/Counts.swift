import Holdfast
import Testing

// The kept counts equal a recount, whatever was done.

extension StoreConformance {
    static let counts: [ConformanceCase] = [
        ConformanceCase("counts are kept by DAG, workspace and state, and filtered by each") { bench in
            try await bench.create("a", dag: "d1", workspace: "w1")
            try await bench.create("b", dag: "d1", workspace: "w2")
            try await bench.create("c", dag: "d1")
            try await bench.finish(try await bench.start(try await bench.create("d", dag: "d2", workspace: "w1")))
            let (d1, d2) = (DAGID(unchecked: "d1"), DAGID(unchecked: "d2"))
            let (w1, w2) = (WorkspaceID(unchecked: "w1"), WorkspaceID(unchecked: "w2"))
            let all = [
                Count(dag: d1, workspace: w1, state: .queued, count: 1),
                Count(dag: d1, workspace: w2, state: .queued, count: 1),
                Count(dag: d1, workspace: nil, state: .queued, count: 1),
                Count(dag: d2, workspace: w1, state: .success, count: 1),
            ]
            #expect(Set(try await bench.store.counts(CountQuery())) == Set(all))
            #expect(Set(try await bench.store.counts(CountQuery(dag: d1))) == Set(all[0...2]))
            #expect(Set(try await bench.store.counts(CountQuery(workspace: w1))) == [all[0], all[3]])
            #expect(try await bench.store.counts(CountQuery(states: [.success, .failed])) == [all[3]])
            #expect(try await bench.store.counts(CountQuery(dag: d2, workspace: w2)) == [])
            #expect(try await bench.store.counts(CountQuery(kind: .process)) == [])
        },
        ConformanceCase("counts equal a recount after any work, also after reopening") { bench in
            var random = SeededGenerator(seed: 7)
            var leases: [Lease] = []
            for step in 0..<150 {
                try await work(bench, step: step, leases: &leases, random: &random)
                if step % 10 == 0 { try await compareCounts(bench) }
            }
            try await compareCounts(bench)
            try await compareCounts(try await bench.reopened())
        },
        ConformanceCase("counts equal a recount after concurrent commits and refusals") { bench in
            _ = try await outcomesAtOnce(count: 60) { index in
                let id = try await bench.create("r\(index % 40)", dag: "d\(index % 3)")
                let lease = try await bench.start(id, by: "worker-\(index)")
                if index % 4 == 0 { try await bench.finish(lease) }
                if index % 5 == 0 { try await bench.delete(lease) }
            }
            try await compareCounts(bench)
        },
        ConformanceCase("a run and a process of the same id are two histories") { bench in
            let run = try await bench.create("a")
            let process = HistoryID.process(ProcessID(unchecked: "a"))
            _ = try await bench.store.commit(.creating(process, .sample(dag: "chat", at: bench.now), at: bench.now))
            try await bench.request(.signal("s"), of: process)
            #expect(try await bench.lastSequence(of: run) == 1)
            #expect(try await bench.lastSequence(of: process) == 2)
            #expect(try await bench.allSummaries(SummaryQuery(kind: .process)).map(\.id) == [process])
            #expect(try await bench.allSummaries().map(\.id) == [run])
            #expect(try await bench.store.counts(CountQuery(kind: .process)).map(\.dag.rawValue) == ["chat"])
        },
    ]

    private static func work(
        _ bench: Workbench, step: Int, leases: inout [Lease], random: inout SeededGenerator
    ) async throws {
        let index = leases.indices.randomElement(using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0...2:
            let workspace = [nil, "w1", "w2"].randomElement(using: &random) ?? nil
            let id = try await bench.create("r\(step)", dag: "d\(step % 3)", workspace: workspace)
            if step % 4 != 0 { leases.append(try await bench.start(id, by: "worker-\(step % 5)")) }
        case 3:
            guard let index else { return }
            let end = [RunState.success, .failed, .cancelled].randomElement(using: &random) ?? .failed
            try await bench.finish(leases.remove(at: index), as: end)
        case 4:
            guard let index else { return }
            try await bench.delete(leases.remove(at: index))
        case 5: if let index { try await bench.release(leases[index]) }
        case 6: bench.clock.advance(by: .seconds(12))
        default:
            let worker = WorkerInfo.sample("worker-\(step % 5)")
            let held = Dictionary(uniqueKeysWithValues: leases.map { ($0.history, $0.token) })
            _ = try await bench.store.renew(RenewRequest(worker: worker, held: held))
        }
    }

    private static func compareCounts(_ bench: Workbench) async throws {
        var recount: [[String?]: Int] = [:]
        for summary in try await bench.allSummaries() {
            recount[[summary.dag.rawValue, summary.workspace?.rawValue, summary.visibleState.rawValue], default: 0] += 1
        }
        let counts = try await bench.store.counts(CountQuery())
        let kept = counts.map { ([$0.dag.rawValue, $0.workspace?.rawValue, $0.state.rawValue], $0.count) }
        #expect(Dictionary(kept, uniquingKeysWith: +) == recount)
        #expect(try await bench.store.summaries(SummaryQuery(limit: 1)).total == recount.values.reduce(0, +))
    }
}
