import ArgumentParser
import Holdfast

struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Lists runs, newest first.",
        discussion: """
            A run whose worker is gone is shown as interrupted. Times are 2026-01-31, 2026-01-31T10:00:00Z, or how long \
            ago: 2h; --since is inclusive, --until exclusive.

            Example: holdfast runs --dag nightly-etl --state failed,interrupted --since 7d --format json
            """)

    @Option(help: "Only runs of this DAG.", completion: .dags)
    var dag: String?

    @Option(
        help: ArgumentHelp("Only runs in these states; repeatable.", valueName: "state,…"), transform: Self.parseStates)
    var state: [Set<RunState>] = []

    @Option(help: "Only runs of this workspace.", completion: .workspaces)
    var workspace: String?

    @Option(
        name: .customLong("label"), help: ArgumentHelp("Only runs with this label; repeatable.", valueName: "key=value")
    )
    var labels: [KeyValue] = []

    @Option(help: ArgumentHelp("Only runs created then or later.", valueName: "time"), transform: parseTime)
    var since: Timestamp?

    @Option(help: ArgumentHelp("Only runs created earlier.", valueName: "time"), transform: parseTime)
    var until: Timestamp?

    @Option(
        help: ArgumentHelp("The order, last first: created, ended or duration.", valueName: "order"),
        transform: { try parseName($0, of: "order") })
    var sort: SummaryQuery.Order = .created

    @Flag(help: "Only runs that resume can go on with: queued, interrupted, failed or cancelled.")
    var resumable = false

    @OptionGroup var pages: PageOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let query = try query()
        let page = try await store.openExisting().store.runs.list(query)
        let listing = Listing(
            document: page.outputJSON, elements: page.elements.map(\.outputJSON), columns: Self.columns)
        try listing.print(format.format) { RunTable(page.elements).rendered(on: .output) }
        pages.announce(page.nextCursor, format.format)
    }

    private static let columns = [
        "run_id", "dag_id", "dag_version", "workspace_id", "state", "trigger", "logical_date", "params", "labels",
        "created_at", "updated_at", "started_at", "ended_at", "duration_seconds", "failure_reason", "task_counts",
        "resume_count", "retry_count", "parent_run_id", "metadata",
    ]

    private func query() throws -> SummaryQuery {
        var states = state.reduce(into: Set()) { $0.formUnion($1) }
        if resumable, !states.isEmpty, states.isDisjoint(with: RunState.resumable) {
            throw ValidationError(
                "--resumable leaves nothing of --state \(states.map(\.rawValue).sorted().joined(separator: ","))")
        }
        if resumable { states = states.isEmpty ? RunState.resumable : states.intersection(RunState.resumable) }
        return SummaryQuery(
            dag: try dag.map { text throws(StoreError) in try DAGID(text) }, states: states,
            workspace: try workspace.map { text throws(StoreError) in try WorkspaceID(text) },
            labels: try labels.dictionary("label"), since: since, until: until, order: sort, limit: pages.limit,
            cursor: pages.start)
    }

    @Sendable private static func parseStates(_ text: String) throws -> Set<RunState> {
        Set(
            try text.split(separator: ",", omittingEmptySubsequences: false).map {
                try parseName(String($0), of: "state")
            })
    }
}
