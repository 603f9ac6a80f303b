import Holdfast

/// Sixty runs that differ in everything a query can filter by, with ties in every order.
struct PagingSample {
    /// As they were created; those that are active have no worker.
    let summaries: [Summary]
    let start: Timestamp

    init(at start: Timestamp, count: Int = 60, prefix: String = "run") {
        self.start = start
        summaries = (0..<count).map { Self.summary($0, prefix: prefix, start: start) }
    }

    private static func summary(_ index: Int, prefix: String, start: Timestamp) -> Summary {
        let created = RunCreated.sample(
            dag: "dag-\(index % 3)", workspace: index % 4 == 0 ? nil : "space-\(index % 4)",
            parent: index % 5 == 0 ? "parent" : nil, labels: ["team": "t\(index % 3)", "kind": "k\(index % 2)"],
            at: start)
        // Ids in another order than creation, three runs a millisecond.
        let id = HistoryID.run(named: "\(prefix)-\((index * 37) % 101)-\(index)")
        let time = start + .milliseconds(index / 3)
        var summary = Summary.sample(id, created, at: time)
        let state = RunState.allCases.filter { $0 != .interrupted }[(index / 2) % 6]
        summary.folded.state = state
        if state != .queued { summary.folded.startedAt = time + .milliseconds(5) }
        if state.isTerminal { summary.folded.endedAt = time + .milliseconds(5 + (index * 13) % 11) }
        return summary
    }

    /// One changeset that creates them all.
    var changeset: Changeset {
        let appends = summaries.map { summary in
            Changeset.Append(
                summary.id, events: [NewEvent(at: summary.createdAt, .created(.sample(at: summary.createdAt)))])
        }
        return Changeset(appends: appends, summaries: summaries.map { .create($0) })
    }
}

/// A filter of a query, and the same said of one summary.
struct PagingFilter: Sendable {
    let name: String
    let narrow: @Sendable (inout SummaryQuery) -> Void
    let includes: @Sendable (Summary) -> Bool

    static func all(of sample: PagingSample) -> [PagingFilter] { single(sample) + combined(sample) }

    private static func single(_ sample: PagingSample) -> [PagingFilter] {
        let dag = DAGID(unchecked: "dag-1")
        let space = WorkspaceID(unchecked: "space-2")
        let chosen = Set(sample.summaries.prefix(20).map(\.id.id))
        let since = sample.start + .milliseconds(4)
        let until = sample.start + .milliseconds(15)
        return [
            PagingFilter(name: "none") { _ in
            } includes: { _ in
                true
            },
            PagingFilter(name: "dag") {
                $0.dag = dag
            } includes: {
                $0.dag == dag
            },
            PagingFilter(name: "state") {
                $0.states = [.failed]
            } includes: {
                $0.visibleState == .failed
            },
            PagingFilter(name: "several states") {
                $0.states = [.failed, .success, .queued]
            } includes: {
                [.failed, .success, .queued].contains($0.visibleState)
            },
            PagingFilter(name: "interrupted") {
                $0.states = [.interrupted]
            } includes: {
                $0.visibleState == .interrupted
            },
            PagingFilter(name: "active states") {
                $0.states = [.running, .waiting, .interrupted]
            } includes: {
                [.running, .waiting, .interrupted].contains($0.visibleState)
            },
            PagingFilter(name: "live states") {
                $0.states = [.running, .waiting]
            } includes: {
                [.running, .waiting].contains($0.visibleState)
            },
            PagingFilter(name: "workspace") {
                $0.workspace = space
            } includes: {
                $0.workspace == space
            },
            PagingFilter(name: "label") {
                $0.labels = ["team": "t2"]
            } includes: {
                $0.labels["team"] == "t2"
            },
            PagingFilter(name: "parent") {
                $0.parent = RunID(unchecked: "parent")
            } includes: {
                $0.parent != nil
            },
            PagingFilter(name: "since") {
                $0.since = since
            } includes: {
                $0.createdAt >= since
            },
            PagingFilter(name: "until") {
                $0.until = until
            } includes: {
                $0.createdAt < until
            },
            PagingFilter(name: "id prefix") {
                $0.idPrefix = "run-1"
            } includes: {
                $0.id.id.hasPrefix("run-1")
            },
            PagingFilter(name: "ids") {
                $0.ids = Array(chosen) + ["unknown"]
            } includes: {
                chosen.contains($0.id.id)
            },
        ]
    }

    private static func combined(_ sample: PagingSample) -> [PagingFilter] {
        let since = sample.start + .milliseconds(3)
        let until = sample.start + .milliseconds(17)
        let zero = DAGID(unchecked: "dag-0")
        return [
            PagingFilter(name: "dag and state") {
                $0.dag = zero
                $0.states = [.success]
            } includes: {
                $0.dag == zero && $0.visibleState == .success
            },
            PagingFilter(name: "dag and several states") {
                $0.dag = zero
                $0.states = [.success, .failed, .interrupted, .running]
            } includes: {
                $0.dag == zero && [.success, .failed, .interrupted, .running].contains($0.visibleState)
            },
            PagingFilter(name: "workspace, state and time") {
                $0.workspace = WorkspaceID(unchecked: "space-1")
                $0.states = [.success, .cancelled]
                $0.since = since
                $0.until = until
            } includes: {
                $0.workspace?.rawValue == "space-1" && [.success, .cancelled].contains($0.visibleState)
                    && $0.createdAt >= since && $0.createdAt < until
            },
            PagingFilter(name: "two labels and a DAG") {
                $0.labels = ["team": "t1", "kind": "k0"]
                $0.dag = DAGID(unchecked: "dag-1")
            } includes: {
                $0.labels["team"] == "t1" && $0.labels["kind"] == "k0" && $0.dag.rawValue == "dag-1"
            },
            PagingFilter(name: "what matches nothing") {
                $0.dag = DAGID(unchecked: "unknown")
            } includes: { _ in
                false
            },
        ]
    }
}
