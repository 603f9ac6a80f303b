import ArgumentParser
import Holdfast

struct PinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "Keeps a run from being pruned.",
        discussion: "Example: holdfast pin 7xk2")

    @OptionGroup var run: RunArgument

    @Flag(help: "Lets it be pruned again.")
    var off = false

    @OptionGroup var store: StoreArguments

    func run() async throws {
        let opened = try await store.openExisting()
        let id = try await run.id(in: opened.store)
        try await opened.store.runs.pin(id, !off)
        try await opened.store.close()
        try Output.standard.line("run \(id) is \(off ? "no longer pinned" : "pinned")")
    }
}
