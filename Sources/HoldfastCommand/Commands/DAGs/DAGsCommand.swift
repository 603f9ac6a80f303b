import ArgumentParser
import Holdfast

struct DAGsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dags",
        abstract: "Lists and changes registered definitions.",
        discussion: """
            Each run registers the definition that it follows; every version is kept.

            Example: holdfast dags show nightly-etl
            """,
        subcommands: [
            DAGsListCommand.self, DAGsShowCommand.self, DAGsRegisterCommand.self, DAGsDeregisterCommand.self,
            DAGsPauseCommand.self, DAGsResumeCommand.self,
        ],
        defaultSubcommand: DAGsListCommand.self)
}

/// The DAG that a subcommand is about.
struct DAGArgument: ParsableArguments {
    @Argument(help: "The DAG's name.", completion: .dags)
    var dag: String

    func id() throws(StoreError) -> DAGID { try DAGID(dag) }
}

struct DAGsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the registered DAGs.",
        discussion: "Example: holdfast dags list --format json")

    @OptionGroup var pages: PageOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    private static let columns = ["dag_id", "version", "label", "registered_at", "paused"]

    func run() async throws {
        let store = try await store.openExisting().store
        let page = try await store.dags.list(limit: pages.limit, cursor: pages.start)
        let listing = Listing(
            document: page.outputJSON, elements: page.elements.map(\.outputJSON), columns: Self.columns)
        try listing.print(format.format) { DAGTable(page.elements).rendered(on: .output) }
        pages.announce(page.nextCursor, format.format)
    }
}
