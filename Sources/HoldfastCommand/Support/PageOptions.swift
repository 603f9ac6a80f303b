import ArgumentParser
import Holdfast

/// Which part of a list a command prints.
struct PageOptions: ParsableArguments {
    @Option(help: "How many, up to 1000.")
    var limit = 100

    @Option(help: ArgumentHelp("Goes on where an earlier page ended.", valueName: "next_cursor"))
    var cursor: String?

    /// Where the page begins.
    var start: Cursor? { cursor.map { Cursor($0) } }

    /// Says on standard error how to go on, except beside JSON, which says it itself.
    func announce(_ next: Cursor?, _ format: OutputFormat) {
        guard format != .json, let next else { return }
        Output.error.note("There are more: add --cursor \(next.text)")
    }
}
