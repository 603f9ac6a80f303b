import ArgumentParser
import Foundation
import Holdfast

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
        try await opened.store.runs.delete(id)
        try await opened.store.close()
        if let folder = opened.logFolder { try Self.removeLogs(of: id, in: folder) }
        try Output.standard.line("run \(id) is deleted")
    }

    private static func removeLogs(of run: RunID, in folder: String) throws {
        do {
            try FileManager.default.removeItem(atPath: "\(folder)/\(run)")
        } catch CocoaError.fileNoSuchFile {
            // It has left no log.
        } catch {
            throw CommandFailure(
                .store,
                "run \(run) is deleted, but not its logs: \(error.localizedDescription); remove \(folder)/\(run)")
        }
    }
}
