import Holdfast

/// Runs, a line each.
struct RunTable {
    private let runs: [Summary]

    init(_ runs: [Summary]) { self.runs = runs }

    func rendered(on terminal: Terminal) -> String {
        guard !runs.isEmpty else { return "no runs\n" }
        var table = TextTable([
            .init(title: "RUN"), .init(title: "DAG", isFlexible: true), .init(title: "STATE"),
            .init(title: "TASKS", isRight: true, isOptional: true), .init(title: "CREATED", isOptional: true),
            .init(title: "DURATION", isRight: true, isOptional: true),
            .init(title: "REASON", isFlexible: true, isOptional: true),
        ])
        for run in runs {
            let counts = run.folded.taskCounts
            let ended = counts.reduce(0) { $0 + ($1.key.isTerminal ? $1.value : 0) }
            let total = counts.values.reduce(0, +)
            table.add(
                .init(run.id.id, .bold), .init(run.dag.rawValue),
                .init(run.visibleState.rawValue, run.visibleState.style),
                .init(total > 0 ? "\(ended)/\(total)" : ""), .init(run.createdAt.description),
                .init(run.folded.duration?.displayText ?? ""), .init(run.folded.failureReason ?? ""))
        }
        return table.rendered(on: terminal)
    }
}
