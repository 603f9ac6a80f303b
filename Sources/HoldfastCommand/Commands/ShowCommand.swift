import ArgumentParser
import Holdfast

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows all about a run.",
        discussion: """
            Its summary, its tasks with times and tries, what they left, and why it failed with the last lines of that \
            task's log.

            Example: holdfast show 7xk2
            """)

    @OptionGroup var run: RunArgument
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let opened = try await store.openExisting()
        let detail = try await opened.store.runs.detail(try await run.id(in: opened.store))
        guard format.format == .text else { return try printDocument(detail.outputJSON, format.format) }
        try Output.standard.write(RunDisplay(detail, logFolder: opened.logFolder, terminal: .output).text)
    }
}
