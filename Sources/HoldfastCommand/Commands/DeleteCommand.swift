import ArgumentParser
import Holdfast
import HoldfastEngine

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Deletes a run with its history and logs.",
        discussion: """
            A run that a live worker holds is refused; cancel it first.

            Example: holdfast delete 7xk2
            """)

    @OptionGroup var run: RunArgument
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let opened = try await store.openExisting()
        let id = try await run.id(in: opened.store)
        try await Engine.forCommand(opened).endLeftovers(of: id)
        try await opened.views.runs.delete(id)
        try await opened.store.close()
        try Output.standard.line("run \(id) is deleted")
    }
}
