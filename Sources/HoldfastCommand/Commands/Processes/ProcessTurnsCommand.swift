import ArgumentParser
import Holdfast

struct ProcessTurnsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "turns",
        abstract: "Shows the conversation with a process, or adds a turn to it.",
        discussion: """
            With --add or --add-file a turn is appended, whatever the status of the process is and whoever holds it; none is \
            ever rewritten.

            Example: holdfast process turns 7xk2 --add "And the tests?" --role user
            """)

    @OptionGroup var process: ProcessArgument

    @Option(help: ArgumentHelp("What is said.", valueName: "text"))
    var add: String?

    @Option(
        help: ArgumentHelp("What is said, from a file; - is standard input.", valueName: "file"), completion: .file())
    var addFile: String?

    @Option(help: ArgumentHelp("Who says it: user, assistant, ….", valueName: "role"))
    var role = "user"

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        guard add == nil || addFile == nil else { throw ValidationError("give --add or --add-file, not both") }
        let content = try addFile.map { try InputFile.text(of: $0) } ?? add
        let store = try await store.openExisting().store
        let id = try await process.id(in: store)
        if let content { try await store.processes.appendTurn(id, ConversationTurn(role: role, content: content)) }
        let turns = try await store.processes.turns(id)
        try await store.close()
        if content != nil, format.format == .text {
            return try Output.standard.line("process \(id) has \(turns.count) turn\(turns.count == 1 ? "" : "s")")
        }
        let json = turns.map(\.outputJSON)
        let listing = Listing(
            document: ["id": .string(id.rawValue), "conversation_turns": .array(json)], elements: json,
            columns: ["role", "timestamp", "content", "streaming"])
        try listing.print(format.format) { ProcessDisplay.conversation(turns, terminal: .output) }
    }
}
