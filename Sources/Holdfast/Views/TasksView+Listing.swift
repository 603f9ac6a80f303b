/// Which task instances, across runs.
public struct TaskQuery: Sendable, Hashable {
    public static let maximumLimit = 1000
    /// A page folds at most this many runs, and returns what it found in them.
    public static let maximumRuns = 100

    /// Only of this run.
    public var run: RunID?
    public var dag: DAGID?
    public var task: TaskID?
    /// Empty: all.
    public var states: Set<TaskState>
    /// On the run's `created_at`, inclusive.
    public var since: Timestamp?
    /// On the run's `created_at`, exclusive.
    public var until: Timestamp?
    /// 1 to 1,000.
    public var limit: Int
    public var cursor: Cursor?

    public init(
        run: RunID? = nil, dag: DAGID? = nil, task: TaskID? = nil, states: Set<TaskState> = [],
        since: Timestamp? = nil, until: Timestamp? = nil, limit: Int = 100, cursor: Cursor? = nil
    ) {
        self.run = run
        self.dag = dag
        self.task = task
        self.states = states
        self.since = since
        self.until = until
        self.limit = limit
        self.cursor = cursor
    }

    fileprivate var fingerprint: JSONValue {
        .array([
            "tasks", .string(run?.rawValue ?? ""), .string(dag?.rawValue ?? ""), .string(task?.rawValue ?? ""),
            .array(states.map(\.rawValue).sorted().map { .string($0) }), .int(since?.milliseconds ?? -1),
            .int(until?.milliseconds ?? -1),
        ])
    }

    fileprivate func matches(_ instance: TaskInstance) -> Bool {
        (task == nil || instance.id.task == task) && (states.isEmpty || states.contains(instance.state))
    }
}

extension TasksView {
    /// Instances of many runs: newest run first, within one in the order of its definition. Each run is folded when its turn
    /// comes, so a page costs what the runs that it looks at cost; it may hold fewer than asked for and have a cursor.
    /// - Throws: `invalid` for the limit, `invalidCursor`.
    public func list(_ query: TaskQuery) async throws(StoreError) -> Page<TaskEntry> {
        guard (1...TaskQuery.maximumLimit).contains(query.limit) else {
            throw StoreError(
                .invalid, subject: "limit \(query.limit)", detail: "use 1 to \(TaskQuery.maximumLimit)")
        }
        var place = try Place(query)
        var entries: [TaskEntry] = []
        for _ in 0..<TaskQuery.maximumRuns {
            let page = try await store.summaries(place.query(query))
            if let summary = page.elements.first, case .run(let run) = summary.id {
                let found = try await instances(of: run, query).dropFirst(place.offset)
                let taken = found.prefix(query.limit - entries.count)
                entries += taken.map { TaskEntry(run: run, dag: summary.dag, instance: $0) }
                if taken.count < found.count {
                    place.offset += taken.count
                    return Page(entries, nextCursor: place.cursor(query))
                }
            }
            guard let next = page.nextCursor else { return Page(entries) }
            place = Place(runs: next, offset: 0)
            if entries.count == query.limit { break }
        }
        return Page(entries, nextCursor: place.cursor(query))
    }

    /// None, if the run was deleted since it was listed.
    private func instances(of run: RunID, _ query: TaskQuery) async throws(StoreError) -> [TaskInstance] {
        do throws(StoreError) {
            return try await store.fold(run).currentInstances.filter(query.matches)
        } catch {
            guard error.code == .notFound else { throw error }
            return []
        }
    }

    /// Before which run, and behind how many of its matches, a page ended.
    private struct Place {
        var runs: Cursor?
        var offset: Int

        init(runs: Cursor?, offset: Int) {
            self.runs = runs
            self.offset = offset
        }

        init(_ query: TaskQuery) throws(StoreError) {
            guard let cursor = query.cursor else {
                self.init(runs: nil, offset: 0)
                return
            }
            let keys = try cursor.keys(fingerprint: query.fingerprint, count: 2)
            guard let offset = keys[1].intValue, (0...Int64(Int32.max)).contains(offset) else {
                throw StoreError(.invalidCursor, subject: "cursor \(quoted(cursor.text))")
            }
            self.init(runs: keys[0].stringValue.map { Cursor($0) }, offset: Int(offset))
        }

        func cursor(_ query: TaskQuery) -> Cursor {
            Cursor(fingerprint: query.fingerprint, keys: [output(runs?.text), output(offset)])
        }

        func query(_ query: TaskQuery) -> SummaryQuery {
            SummaryQuery(
                ids: query.run.map { [$0.rawValue] }, dag: query.dag, since: query.since, until: query.until, limit: 1,
                cursor: runs)
        }
    }
}

extension Page<TaskEntry> {
    public var outputJSON: JSONValue { outputJSON("tasks", \.outputJSON) }
}
