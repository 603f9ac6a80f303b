import Holdfast
import Testing

// What users of a DAG persistence in JSON files ask for. Each case names the line that it holds.

extension StoreConformance {
    static let runQueries: [ConformanceCase] = [
        ConformanceCase("A, Queries: runs by dagId, state, date range, limit, offset") { bench in
            let start = bench.now
            try await bench.addRunsToAskFor()
            func ids(_ query: RunPageQuery) async throws -> [String] {
                try await bench.views.runs.page(query).elements.map(\.id.id)
            }
            #expect(try await ids(RunPageQuery(dag: DAGID(unchecked: "etl"))) == ["etl-4", "etl-3", "etl-2", "etl-1"])
            #expect(try await ids(RunPageQuery(states: [.failed])) == ["etl-3", "ml-1"])
            #expect(try await ids(RunPageQuery(states: [.queued, .success])) == ["etl-4", "etl-1"])
            let since = start + .seconds(3)
            #expect(try await ids(RunPageQuery(since: since, until: since + .seconds(2))) == ["ml-2", "ml-1"])
            #expect(try await ids(RunPageQuery(limit: 2)) == ["etl-4", "etl-3"])
            #expect(try await ids(RunPageQuery(limit: 2, offset: 3)) == ["ml-1", "etl-2"])
            #expect(try await ids(RunPageQuery(offset: 6)) == [])
            for query in [RunPageQuery(limit: 0), RunPageQuery(offset: -1), RunPageQuery(sort: .state, limit: 1001)] {
                await expectError(.invalid) { _ = try await bench.views.runs.page(query) }
            }
        },
        ConformanceCase("A, Queries: task instances by runId, taskId, state") { bench in
            try await bench.addRunsWithTasks()
            func names(_ query: TaskQuery) async throws -> [String] {
                try await bench.views.tasks.list(query).elements.map { "\($0.run) \($0.instance.id)" }
            }
            let b = RunID(unchecked: "b")
            let load = TaskID(unchecked: "load")
            #expect(try await names(TaskQuery(run: b)) == ["b extract", "b load"])
            #expect(try await names(TaskQuery(task: load)) == ["b load", "a load"])
            #expect(try await names(TaskQuery(states: [.failed])) == ["a load"])
            #expect(try await names(TaskQuery(run: b, task: load, states: [.success])) == ["b load"])
            #expect(try await names(TaskQuery(run: b, states: [.failed])) == [])
            #expect(try await names(TaskQuery(run: RunID(unchecked: "c"))) == [])
            let first = try await bench.views.tasks.list(TaskQuery(run: b, limit: 1))
            let rest = try await names(TaskQuery(run: b, limit: 1, cursor: first.nextCursor))
            #expect(rest == ["b load"])
        },
        ConformanceCase("A, XComEntry: limit 1 MB, default key return_value") { bench in
            try await bench.add("a")
            let (run, task) = (RunID(unchecked: "a"), TaskID(unchecked: "t"))
            let xcoms = bench.views.xcoms
            let largest = JSONValue.string(String(repeating: "x", count: XCom.maximumSize - 2))
            try await xcoms.set(run, InstanceID(task), to: largest)
            await expectError(.tooLarge) {
                try await xcoms.set(run, InstanceID(task), to: .string(String(repeating: "x", count: XCom.maximumSize)))
            }
            #expect(try await xcoms.get(run, task) == largest)
            let entry = try #require(try await xcoms.list(run).first)
            #expect(entry.key == "return_value" && entry.size == XCom.maximumSize)
        },
        ConformanceCase("A, History: sort by start, end, duration or state; page with total") { bench in
            try await bench.addRunsToAskFor()
            func page(_ sort: RunPageQuery.Sort, ascending: Bool = false) async throws -> [String] {
                var found: [String] = []
                for offset in stride(from: 0, through: 6, by: 2) {
                    let query = RunPageQuery(sort: sort, ascending: ascending, limit: 2, offset: offset)
                    let page = try await bench.views.runs.page(query)
                    #expect(page.total == (sort == .end || sort == .duration ? 4 : 6))
                    found += page.elements.map(\.id.id)
                }
                return found
            }
            let byStart = ["etl-4", "etl-3", "ml-2", "ml-1", "etl-2", "etl-1"]
            #expect(try await page(.start) == byStart)
            #expect(try await page(.start, ascending: true) == byStart.reversed())
            #expect(try await page(.end) == ["etl-1", "etl-3", "ml-1", "etl-2"])
            #expect(try await page(.duration) == ["etl-1", "etl-3", "ml-1", "etl-2"])
            #expect(try await page(.duration, ascending: true) == ["etl-2", "ml-1", "etl-3", "etl-1"])
            #expect(try await page(.state) == ["etl-4", "ml-2", "etl-1", "etl-3", "ml-1", "etl-2"])
            #expect(
                try await page(.state, ascending: true) == ["etl-2", "etl-3", "ml-1", "etl-1", "ml-2", "etl-4"])
            let failed = try await bench.views.runs.page(RunPageQuery(states: [.failed], sort: .end, limit: 1))
            #expect(failed.total == 2 && failed.elements.map(\.id.id) == ["etl-3"])
        },
    ]
}

extension Workbench {
    /// One a second: `etl-1` success after 100 s, `etl-2` cancelled after 1 s, `ml-1` failed after 2 s, `ml-2` running, `etl-3`
    /// failed after 3 s, `etl-4` queued. The running one is live.
    fileprivate func addRunsToAskFor() async throws {
        let start = now
        let long = try await self.start(try await add("etl-1"), for: .seconds(1000))
        let plan: [(String, String, RunState?, Int64)] = [
            ("etl-2", "etl", .cancelled, 1), ("ml-1", "ml", .failed, 2), ("ml-2", "ml", nil, 0),
            ("etl-3", "etl", .failed, 3), ("etl-4", "etl", .queued, 0),
        ]
        for (index, (id, dag, state, seconds)) in plan.enumerated() {
            clock.advance(by: start + .seconds(index + 1) - now)
            let history = try await add(id, dag: dag)
            if state == .queued { continue }
            let lease = try await self.start(history, by: "worker-\(id)", for: .seconds(1000))
            guard let state else { continue }
            clock.advance(by: .seconds(seconds))
            try await finish(lease, as: state)
            clock.advance(by: .seconds(-seconds))
        }
        clock.advance(by: start + .seconds(101) - now)
        try await finish(long)
    }

    /// `a` and `b`, each with the tasks `extract` and `load`; `load` of `a` failed.
    fileprivate func addRunsWithTasks() async throws {
        for (id, end) in [("a", TaskState.failed), ("b", .success)] {
            try await add(id)
            let run = RunID(unchecked: id)
            for (task, state) in [("extract", TaskState.success), ("load", end)] {
                try await views.tasks.setState(run, InstanceID(TaskID(unchecked: task)), to: state)
            }
        }
    }
}
