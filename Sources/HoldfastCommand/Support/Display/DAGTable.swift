import Holdfast

/// Registered DAGs, a line each.
struct DAGTable {
    private let dags: [RegisteredDAG]

    init(_ dags: [RegisteredDAG]) { self.dags = dags }

    func rendered(on terminal: Terminal) -> String {
        guard !dags.isEmpty else { return "no DAGs\n" }
        var table = TextTable([
            .init(title: "DAG", isFlexible: true), .init(title: "VERSION"),
            .init(title: "LABEL", isFlexible: true, isOptional: true),
            .init(title: "VERSIONS", isRight: true, isOptional: true), .init(title: "REGISTERED", isOptional: true),
            .init(title: "PAUSED", isOptional: true),
        ])
        for dag in dags {
            table.add(
                .init(dag.id.rawValue, .bold), .init(String(dag.current.digest.hexadecimal.prefix(12))),
                .init(dag.current.label ?? ""), .init("\(dag.versions.count)"),
                .init(dag.current.registeredAt.description), .init(dag.isPaused ? "paused" : "", .yellow))
        }
        return table.rendered(on: terminal)
    }
}
