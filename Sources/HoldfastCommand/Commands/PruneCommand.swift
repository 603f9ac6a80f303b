import ArgumentParser
import Holdfast
import HoldfastEngine

struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Removes old runs and processes that are over the store's limits, and gives their space back.",
        discussion: """
            Only what has ended goes, oldest first, with its logs; what is pinned or held by a live worker stays. The limits \
            are also applied to a DAG when a run of it is added, and to processes when one is added:

              max_runs_per_dag   how many runs of each DAG are kept
              max_age            how long ago a run or process may have ended, for instance 30d
              max_processes      how many processes are kept

            0 keeps all, default is what the kind of store does by itself: files: keeps 100 runs of each DAG and 500 \
            processes, the others keep all. --set keeps a limit in the store, with --dag for one DAG; with --dry-run it is only \
            tried.

            Example: holdfast prune --set max_age=90d --dag nightly-etl --dry-run
            """)

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Sets a limit first; repeatable.", valueName: "limit=value"), transform: LimitChange.init)
    var changes: [LimitChange] = []

    @Option(help: "Only runs of this DAG; with --set, the limit is for it alone.", completion: .dags)
    var dag: String?

    @Flag(help: "Shows what would go, and changes nothing.")
    var dryRun = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let dag = try dag.map { text throws(StoreError) in try DAGID(text) }
        let opened = try await changes.isEmpty || dryRun ? store.openExisting() : store.openOrCreate()
        let retention = opened.views.retention
        let change: (inout RetentionChoice) -> Void = { choice in for change in changes { change.apply(&choice) } }
        let settings =
            try await dryRun ? retention.settings(changedFor: dag, change) : retention.set(for: dag, change)
        let report = try await retention.prune(dag, by: settings, dryRun: dryRun)
        try await opened.store.close()
        try print(report, settings, dag)
        guard let failure = report.failures.first else { return }
        throw CommandFailure(.store, failure.description)
    }

    // MARK: Printing

    private func print(_ report: PruneReport, _ settings: RetentionSettings, _ dag: DAGID?) throws {
        guard format.format == .text else {
            let members = report.outputMembers.merging(["limits": settings.outputJSON]) { $1 }
            return try printDocument(.object(members), format.format)
        }
        try Output.standard.line("keeps " + Self.text(of: settings.limits(for: dag)))
        if dag == nil {
            for dag in settings.dags.keys.sorted() {
                try Output.standard.line("keeps of \(dag) " + Self.text(of: settings.limits(for: dag), isOneDAG: true))
            }
        }
        for (dag, runs) in report.runs.sorted(by: { $0.key < $1.key }) {
            let names = runs.prefix(5).map(\.rawValue).joined(separator: ", ") + (runs.count > 5 ? ", …" : "")
            try Output.standard.line("  \(dag): \(counted(runs.count, "run")): \(names)")
        }
        try Output.standard.line(Self.conclusion(of: report))
    }

    private static func text(of limits: RetentionLimits, isOneDAG: Bool = false) -> String {
        let runs = limits.maxRunsPerDAG == 0 ? "all runs" : counted(limits.maxRunsPerDAG, "run") + " of each DAG"
        let processes = limits.maxProcesses == 0 ? "all processes" : counted(limits.maxProcesses, "process")
        let age = limits.maxAge == .zero ? "" : ", for \(limits.maxAge.pipelineText)"
        return (isOneDAG ? runs.replacing(" of each DAG", with: "") : "\(runs), \(processes)") + age
    }

    private static func conclusion(of report: PruneReport) -> String {
        let gone = "\(counted(report.runCount, "run")) and \(counted(report.processes.count, "process"))"
        let kept = report.kept == 0 ? "" : "; \(report.kept) more over the limits stay: pinned, unfinished or in use"
        if report.isDryRun { return "would remove \(gone)\(kept)" }
        let blobs = report.blobsCollected == 0 ? "" : ", \(counted(report.blobsCollected, "blob"))"
        return "removed \(gone)\(blobs); \(report.bytesFreed) bytes given back\(kept)"
    }
}

/// `max_runs_per_dag=50`, as `--set` takes it.
struct LimitChange: Sendable {
    private enum Name: String, CaseIterable {
        case maxRunsPerDAG = "max_runs_per_dag"
        case maxAge = "max_age"
        case maxProcesses = "max_processes"
    }

    let apply: @Sendable (inout RetentionChoice) -> Void

    @Sendable init(_ text: String) throws {
        guard let pair = KeyValue(argument: text) else {
            throw ValidationError("\(quoted(text)) sets nothing; write it as max_runs_per_dag=50")
        }
        let value = pair.value == "default" ? nil : pair.value
        switch try parseName(pair.key, of: "limit", as: Name.self) {
        case .maxRunsPerDAG:
            let count = try value.map(Self.count)
            apply = { $0.maxRunsPerDAG = count }
        case .maxProcesses:
            let count = try value.map(Self.count)
            apply = { $0.maxProcesses = count }
        case .maxAge:
            let age = try value.map { $0 == "0" ? .zero : try parseDuration($0) }
            apply = { $0.maxAge = age }
        }
    }

    private static func count(_ text: String) throws -> Int {
        guard let count = Int(text), (0...1_000_000_000).contains(count) else {
            throw ValidationError("\(quoted(text)) is no limit; use a number, 0 for all, or default")
        }
        return count
    }
}
