import ArgumentParser
import Holdfast

struct ProcessListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists processes, newest first.",
        discussion: """
            Times are 2026-01-31, 2026-01-31T10:00:00Z, or how long ago: 2h; --since is inclusive, --until exclusive, both on \
            the time a process started.

            Example: holdfast process list --type code-review --status failed --since 7d --format json
            """)

    @OptionGroup var filters: ProcessFilters

    @Option(help: "How many to pass over, up to 10000; a cursor is better.")
    var offset = 0

    @Flag(help: "Oldest first.")
    var ascending = false

    @OptionGroup var pages: PageOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    private static let columns =
        [
            "id", "type", "workspace_id", "run_id", "parent_process_id", "status", "start_time", "end_time",
            "duration_seconds", "error", "created_at",
        ] + ProcessField.allCases.filter(\.isListed).map(\.rawValue)

    func run() async throws {
        var query = try filters.query()
        (query.limit, query.cursor, query.offset, query.ascending) = (pages.limit, pages.start, offset, ascending)
        let store = try await store.openExisting().store
        let page = try await store.processes.settled(try await store.processes.list(query))
        let listing = Listing(
            document: page.outputJSON, elements: page.elements.map(\.outputJSON), columns: Self.columns)
        try listing.print(format.format) { ProcessTable(page.elements).rendered(on: .output) }
        pages.announce(page.nextCursor, format.format)
        try await store.close()
    }
}

struct ProcessShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows all about a process: its fields, its conversation, its result.",
        discussion: "Example: holdfast process show 7xk2 --format json")

    @OptionGroup var process: ProcessArgument
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let store = try await store.openExisting().store
        let processes = store.processes
        let found = try await processes.find(process.process)
        try await processes.settle(found)
        let detail = try await processes.detail(found.id)
        try await store.close()
        guard format.format == .text else { return try printDocument(detail.outputJSON, format.format) }
        try Output.standard.write(ProcessDisplay(detail, terminal: .output).text)
    }
}
