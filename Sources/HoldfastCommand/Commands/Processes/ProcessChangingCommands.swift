import ArgumentParser
import Holdfast

struct ProcessAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Adds a process, and prints its id.",
        discussion: """
            It is queued unless --status says otherwise.

            Example: holdfast process add --type code-review --prompt-file prompt.md --workspace website
            """)

    @Option(help: ArgumentHelp("Its id, instead of one that is made up.", valueName: "id"))
    var id: String?

    @Option(help: "What kind of process it is.")
    var type: String = ProcessType.default.rawValue

    @Option(help: ArgumentHelp("The workspace it is tagged with.", valueName: "id"), completion: .workspaces)
    var workspace: String?

    @Option(help: ArgumentHelp("The process that started it.", valueName: "id"), completion: .processes)
    var parent: String?

    @Option(
        name: .customLong("run"), help: ArgumentHelp("The run it belongs to.", valueName: "id"), completion: .runs)
    var runId: String?

    @Option(help: "Its status.", transform: { try parseName($0, of: "status") })
    var status: ProcessStatus = .queued

    @Option(help: ArgumentHelp("When it started, instead of now.", valueName: "time"), transform: parseTime)
    var startTime: Timestamp?

    @Option(help: ArgumentHelp("When it ended.", valueName: "time"), transform: parseTime)
    var endTime: Timestamp?

    @Option(help: ArgumentHelp("Why it failed.", valueName: "text"))
    var error: String?

    @OptionGroup var fields: ProcessFieldArguments
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let now = SystemWallClock().now()
        var record = ProcessRecord(
            id: try id.map { text throws(StoreError) in try ProcessID(text) } ?? ProcessID(unchecked: "new"),
            type: try ProcessType(type),
            workspace: try workspace.map { text throws(StoreError) in try WorkspaceID(text) },
            parent: try parent.map { text throws(StoreError) in try ProcessID(text) },
            run: try runId.map { text throws(StoreError) in try RunID(text) }, status: status,
            startTime: startTime ?? now, endTime: endTime ?? (status.isTerminal ? now : nil), error: error,
            fields: ProcessFields(try fields.values()))
        let opened = try await store.openOrCreate()
        let processes = opened.views(onPruned: PruneReport.tell).processes
        if id == nil { record.id = processes.newID() }
        try await processes.add(record)
        guard format.format != .text else {
            try await opened.store.close()
            return try Output.standard.line(record.id.rawValue)
        }
        let detail = try await processes.detail(record.id)
        try await opened.store.close()
        try printDocument(detail.outputJSON, format.format)
    }
}

struct ProcessUpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Changes the named fields of a process, and no others.",
        discussion: """
            Status, times and error are refused while another worker holds the process; --status cancelling asks it to end.

            Example: holdfast process update 7xk2 --status completed --result-file result.md
            """)

    @OptionGroup var process: ProcessArgument

    @Option(help: "Its status.", transform: { try parseName($0, of: "status") })
    var status: ProcessStatus?

    @Option(help: ArgumentHelp("When it started.", valueName: "time"), transform: parseTime)
    var startTime: Timestamp?

    @Option(help: ArgumentHelp("When it ended.", valueName: "time"), transform: parseTime)
    var endTime: Timestamp?

    @Option(help: ArgumentHelp("Why it failed.", valueName: "text"))
    var error: String?

    @OptionGroup var fields: ProcessFieldArguments

    @Option(help: ArgumentHelp("Fields to empty, by their names in JSON.", valueName: "field,…"))
    var clear: String?

    @Flag(inversion: .prefixedNo, help: "Keeps it from being pruned, or no longer.")
    var pinned: Bool?

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        var update = ProcessUpdate(
            status: status, startTime: startTime, endTime: endTime.map { .set($0) } ?? .keep,
            error: error.map { .set($0) } ?? .keep, fields: try fields.values())
        for name in clear?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
            try update.clear(String(name))
        }
        guard update != ProcessUpdate() || pinned != nil else { throw ValidationError("name what to change") }
        let store = try await store.openExisting().store
        let id = try await process.id(in: store)
        try await store.processes.update(id, update)
        if let pinned { try await store.processes.pin(id, pinned) }
        let detail = try await store.processes.detail(id)
        try await store.close()
        guard format.format == .text else { return try printDocument(detail.outputJSON, format.format) }
        try Output.standard.line("process \(id) is updated; it is \(detail.record.status.rawValue)")
    }
}

extension ProcessUpdate {
    fileprivate mutating func clear(_ name: String) throws {
        switch name {
        case "end_time": endTime = .clear
        case "error": error = .clear
        default: fields[try parseName(name, of: "field")] = .null
        }
    }
}

struct ProcessRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Removes a process with its conversation.",
        discussion: "Example: holdfast process remove 7xk2")

    @OptionGroup var process: ProcessArgument
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let store = try await store.openExisting().store
        let id = try await process.id(in: store)
        try await store.processes.remove(id)
        try await store.close()
        try Output.standard.line("process \(id) is removed")
    }
}

struct ProcessClearCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear",
        abstract: "Removes all processes that match, and says how many.",
        discussion: """
            Without filters these are all there are. What a live worker holds stays.

            Example: holdfast process clear --status completed --until 30d
            """)

    @OptionGroup var filters: ProcessFilters
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let query = try filters.query()
        let store = try await store.openExisting().store
        let count = try await store.processes.clear(query)
        try await store.close()
        guard format.format == .text else {
            return try printDocument(["removed": .int(Int64(count))], format.format)
        }
        try Output.standard.line("removed \(count) \(count == 1 ? "process" : "processes")")
    }
}
