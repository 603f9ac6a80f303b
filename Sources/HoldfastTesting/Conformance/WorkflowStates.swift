import Holdfast
import Testing

// What users of a store of workflow states rely on. Each case names the line that it holds.

extension StoreConformance {
    static let workflowStates: [ConformanceCase] = [
        ConformanceCase("D, Interface: save, load") { bench in
            let run = RunID(unchecked: "a")
            let inputs: [String: JSONValue] = ["n": 1, "text": "ü\n"]
            let saved = try await bench.views.runs.create(DAGID(unchecked: "etl"), params: inputs, id: run)
            let bench = try await bench.reopened()
            let loaded = try await bench.views.runs.get(run)
            #expect(loaded == saved && loaded.folded.params == inputs)
            await expectError(.notFound) { _ = try await bench.views.runs.get(RunID(unchecked: "b")) }
        },
        ConformanceCase("D, Interface: delete") { bench in
            try await bench.addEnded("a")
            try await bench.addEnded("b")
            try await bench.views.runs.delete(RunID(unchecked: "a"))
            let bench = try await bench.reopened()
            #expect(try await bench.ids() == ["b"])
            await expectError(.notFound) { try await bench.views.runs.delete(RunID(unchecked: "a")) }
        },
        ConformanceCase("D, Interface: list resumable") { bench in
            for (id, state) in [("ok", RunState.success), ("failed", .failed), ("cancelled", .cancelled)] {
                try await bench.addEnded(id, as: state)
            }
            try await bench.add("queued")
            _ = try await bench.start(try await bench.add("crashed"), by: "worker-2", for: .seconds(5))
            _ = try await bench.start(try await bench.add("live"), by: "worker-3", for: .seconds(1000))
            bench.clock.advance(by: .seconds(60))
            let runs = bench.views.runs
            #expect(
                try await runs.resumable().elements.map(\.id.id) == ["crashed", "queued", "cancelled", "failed"])
            let first = try await runs.resumable(limit: 3)
            #expect(try await runs.resumable(limit: 3, cursor: first.nextCursor).elements.map(\.id.id) == ["failed"])
            #expect(try await runs.resumable(dag: DAGID(unchecked: "other")).elements.isEmpty)
        },
        ConformanceCase("D, Interface: save after each step") { bench in
            try await bench.add("a")
            let run = RunID(unchecked: "a")
            for step in ["one", "two", "three"] {
                let task = TaskID(unchecked: step)
                try await bench.views.tasks.setState(
                    run, InstanceID(task), to: .success, xcoms: ["return_value": .string(step)])
                let other = try await bench.beside()
                #expect(try await other.views.tasks.list(run).last?.state == .success)
                #expect(try await other.views.xcoms.get(run, task) == .string(step))
            }
        },
        ConformanceCase("D, Interface: exclusive access") { bench in
            let lease = try await bench.start(try await bench.add("a"))
            let other = try await bench.beside()
            try await bench.refuses(.leaseHeld) { _ = try await other.claim(lease.history, by: "worker-2") }
            let run = RunID(unchecked: "a")
            let step = InstanceID(TaskID(unchecked: "step"))
            try await bench.refuses(.leaseHeld) { try await other.views.tasks.setState(run, step, to: .success) }
            try await bench.refuses(.leaseHeld) { try await other.views.runs.delete(run) }
            bench.clock.advance(by: .seconds(60))
            let taken = try await other.claim(lease.history, by: "worker-2")
            #expect(taken.token > lease.token)
            try await bench.refuses(.leaseLost, bench.owned(by: lease, .step("late")))
        },
        ConformanceCase("D: a resume there re-ran the last finished step: here it stays finished") { bench in
            let run = RunID(unchecked: "a")
            let views = bench.views
            try await bench.add("a")
            for step in ["one", "two"] {
                try await views.tasks.setState(run, InstanceID(TaskID(unchecked: step)), to: .success)
            }
            bench.clock.advance(by: .seconds(60))
            #expect(try await bench.state(.run(run)) == .interrupted)
            try await views.runs.setState(run, to: .running)
            let fold = try await bench.store.fold(run)
            #expect(fold.resumeCount == 1 && fold.taskCounts == [.success: 2])
        },
        ConformanceCase("D: crashed runs never reached the history there: here they are in it at once") { bench in
            let lease = try await bench.start(try await bench.add("crashed"), for: .seconds(5))
            #expect(try await bench.views.runHistory.list().elements.isEmpty)
            bench.clock.advance(by: .seconds(10))
            #expect(try await bench.views.runHistory.list().elements.map(\.run.rawValue) == ["crashed"])
            #expect(try await bench.state(lease.history) == .interrupted)
            #expect(try await bench.store.counts(CountQuery(states: [.interrupted])).map(\.count) == [1])
        },
        ConformanceCase("C: a crashed run stayed running there and could never be resumed: here it is taken up again") {
            bench in
            let lease = try await bench.start(try await bench.add("a"), for: .seconds(5))
            bench.clock.advance(by: .seconds(10))
            #expect(try await bench.state(lease.history) == .interrupted)
            #expect(try await bench.views.runs.resumable(limit: 5).elements.map(\.id) == [lease.history])
            let run = RunID(unchecked: "a")
            try await bench.views.runs.setState(run, to: .running)
            try await bench.views.runs.setState(run, to: .success)
            #expect(try await bench.store.fold(run).resumeCount == 1)
            #expect(try await bench.state(lease.history) == .success)
        },
    ]
}
