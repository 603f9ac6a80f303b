import ArgumentParser
import Holdfast

struct ProcessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "process",
        abstract: "Keeps records of AI processes: prompts, their turns, their results.",
        discussion: """
            A process is queued, running, cancelling, completed, failed or cancelled. One whose worker died while it ran has \
            failed, or is cancelled if that was asked for.

            Example: holdfast process list --status running,failed --workspace website
            """,
        subcommands: [
            ProcessListCommand.self, ProcessShowCommand.self, ProcessAddCommand.self, ProcessUpdateCommand.self,
            ProcessRemoveCommand.self, ProcessClearCommand.self, ProcessTurnsCommand.self,
        ],
        defaultSubcommand: ProcessListCommand.self)
}

/// The process that a command is about.
struct ProcessArgument: ParsableArguments {
    @Argument(help: "The process's id, or an unambiguous beginning of it.", completion: .processes)
    var process: String

    func id(in store: any Store) async throws(StoreError) -> ProcessID { try await store.processes.find(process).id }
}

/// Which processes a command is about.
struct ProcessFilters: ParsableArguments {
    @Option(help: "Only processes of this workspace.", completion: .workspaces)
    var workspace: String?

    @Option(
        help: ArgumentHelp("Only processes with one of these; repeatable.", valueName: "status,…"),
        transform: Self.parseStatuses)
    var status: [Set<ProcessStatus>] = []

    @Option(help: "Only processes of this type.")
    var type: String?

    @Option(help: ArgumentHelp("Only what this process started.", valueName: "process"), completion: .processes)
    var parent: String?

    @Option(help: ArgumentHelp("Only processes of this run.", valueName: "run"), completion: .runs)
    var run: String?

    @Option(help: ArgumentHelp("Only processes started then or later.", valueName: "time"), transform: parseTime)
    var since: Timestamp?

    @Option(help: ArgumentHelp("Only processes started earlier.", valueName: "time"), transform: parseTime)
    var until: Timestamp?

    func query() throws(StoreError) -> ProcessQuery {
        ProcessQuery(
            workspace: try workspace.map { text throws(StoreError) in try WorkspaceID(text) },
            statuses: status.reduce([]) { $0.union($1) },
            type: try type.map { text throws(StoreError) in try ProcessType(text) },
            parent: try parent.map { text throws(StoreError) in try ProcessID(text) },
            run: try run.map { text throws(StoreError) in try RunID(text) }, since: since, until: until)
    }

    @Sendable private static func parseStatuses(_ text: String) throws -> Set<ProcessStatus> {
        Set(
            try text.split(separator: ",", omittingEmptySubsequences: false).map {
                try parseName(String($0), of: "status")
            })
    }
}
