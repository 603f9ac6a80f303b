import Holdfast
import Testing

// What users of run summaries, a line for each run, rely on. Each case names the line that it holds.

extension StoreConformance {
    static let runHistory: [ConformanceCase] = [
        ConformanceCase("E, Interface: persist on success, failure and stop") { bench in
            try await bench.addHistory()
            let history = try await bench.reopened().views.runHistory.list()
            #expect(history.elements.map(\.run.rawValue) == ["cut", "c", "b", "a"])
            #expect(history.elements.map(\.result) == [nil, .stopped, .failed, .success])
            let failed = history.elements[2]
            #expect(failed.failureReason == "load broke")
            #expect(failed.stagesExecuted.map(\.rawValue) == ["extract", "load"])
            #expect(failed.stagesFailed.map(\.rawValue) == ["load"])
            #expect(failed.metadata == ["ticket": "A-1"])
            #expect(try #require(failed.startedAt) < #require(failed.endedAt))
        },
        ConformanceCase("E, Interface: interrupted runs are listed, but not summarised") { bench in
            try await bench.addHistory()
            let cut = try await bench.views.runHistory.get(RunID(unchecked: "cut"))
            #expect(cut.result == nil && cut.endedAt == nil && cut.stagesExecuted.isEmpty)
            #expect(cut.outputJSON["result"] == .null)
            #expect(try await bench.views.runHistory.counts().values.reduce(0, +) == 3)
        },
        ConformanceCase("E, Interface: list newest first with limit and result filter") { bench in
            try await bench.addHistory()
            let view = bench.views.runHistory
            let first = try await view.list(limit: 3)
            #expect(first.elements.map(\.run.rawValue) == ["cut", "c", "b"] && first.total == 4)
            let second = try await view.list(limit: 3, cursor: first.nextCursor)
            #expect(second.elements.map(\.run.rawValue) == ["a"] && second.nextCursor == nil)
            for (result, run) in [(RunHistoryView.Result.success, "a"), (.failed, "b"), (.stopped, "c")] {
                let page = try await view.list(result: result)
                #expect(page.elements.map(\.run.rawValue) == [run] && page.total == 1)
            }
            await expectError(.invalid) { _ = try await view.list(limit: 0) }
        },
        ConformanceCase("E, Interface: get by id") { bench in
            try await bench.addHistory()
            let json = try await bench.views.runHistory.get(RunID(unchecked: "c")).outputJSON
            #expect(json["run_id"] == "c" && json["result"] == "stopped" && json["retry_count"] == 0)
            let names: Set = [
                "run_id", "started_at", "ended_at", "result", "failure_reason", "stages_executed", "stages_failed",
                "retry_count", "metadata",
            ]
            #expect(Set(json.objectValue?.keys ?? [:].keys) == names)
            await expectError(.notFound) { _ = try await bench.views.runHistory.get(RunID(unchecked: "d")) }
        },
        ConformanceCase("E, Interface: count by result") { bench in
            #expect(try await bench.views.runHistory.counts() == [:])
            try await bench.addHistory()
            try await bench.addEnded("d", dag: "other", as: .failed)
            #expect(try await bench.views.runHistory.counts() == [.success: 1, .failed: 2, .stopped: 1])
        },
    ]
}

extension Workbench {
    /// `a` success, `b` failed, `c` cancelled, `cut` interrupted, and two that a run history does not know: one queued, one live.
    fileprivate func addHistory() async throws {
        let failed = RunID(unchecked: "b")
        try await addEnded("a")
        clock.advance(by: .seconds(1))
        try await views.runs.create(DAGID(unchecked: "etl"), metadata: ["ticket": "A-1"], id: failed)
        for (task, state) in [("extract", TaskState.success), ("load", .failed)] {
            try await views.tasks.setState(failed, InstanceID(TaskID(unchecked: task)), to: state)
            clock.advance(by: .seconds(1))
        }
        try await views.runs.setState(failed, to: .failed, reason: "load broke")
        try await addEnded("c", as: .cancelled)
        _ = try await start(try await add("cut"), by: "worker-2", for: .seconds(5))
        clock.advance(by: .seconds(10))
        try await add("queued")
        _ = try await start(try await add("live"), by: "worker-3", for: .seconds(1000))
    }
}
