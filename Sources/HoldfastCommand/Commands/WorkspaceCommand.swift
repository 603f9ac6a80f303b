import ArgumentParser
import Holdfast

struct WorkspaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workspace",
        abstract: "Keeps the places that runs and processes are tagged with.",
        discussion: "Example: holdfast workspace register website --root-path ~/src/website --name Website",
        subcommands: [
            WorkspaceListCommand.self, WorkspaceRegisterCommand.self, WorkspaceRenameCommand.self,
            WorkspaceRemoveCommand.self,
        ],
        defaultSubcommand: WorkspaceListCommand.self)
}

/// The workspace that a subcommand is about.
struct WorkspaceArgument: ParsableArguments {
    @Argument(help: "The workspace's id.", completion: .workspaces)
    var workspace: String

    func id() throws(StoreError) -> WorkspaceID { try WorkspaceID(workspace) }
}

struct WorkspaceListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the registered workspaces, by id.",
        discussion: "Example: holdfast workspace list --format json")

    @OptionGroup var pages: PageOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    private static let columns = ["id", "name", "root_path", "color", "metadata"]

    func run() async throws {
        let store = try await store.openExisting().store
        let page = try await store.workspaces.list(limit: pages.limit, cursor: pages.start)
        let listing = Listing(
            document: page.outputJSON, elements: page.elements.map(\.outputJSON), columns: Self.columns)
        try listing.print(format.format) { Self.table(page.elements) }
        pages.announce(page.nextCursor, format.format)
    }

    private static func table(_ workspaces: [Workspace]) -> String {
        guard !workspaces.isEmpty else { return "no workspaces\n" }
        var table = TextTable([
            .init(title: "WORKSPACE"), .init(title: "NAME", isFlexible: true), .init(title: "ROOT", isFlexible: true),
            .init(title: "COLOR", isOptional: true),
        ])
        for workspace in workspaces {
            table.add(
                .init(workspace.id.rawValue, .bold), .init(workspace.name), .init(workspace.rootPath),
                .init(workspace.color ?? ""))
        }
        return table.rendered(on: .output)
    }
}

struct WorkspaceRegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Registers a workspace; again, it changes the given fields only.",
        discussion: """
            A new workspace has the working directory as its root, and its id as its name, unless others are given.

            Example: holdfast workspace register website --root-path ~/src/website --color "#3366ff"
            """)

    @OptionGroup var workspace: WorkspaceArgument

    @Option(help: "What it is called.")
    var name: String?

    @Option(help: ArgumentHelp("Its folder.", valueName: "path"), completion: .directory)
    var rootPath: String?

    @Option(help: "How it is shown.")
    var color: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let id = try workspace.id()
        let root = try rootPath.map { try Self.absolute($0) }
        let store = try await store.openOrCreate().store
        let isKnown = try await store.workspaces.exists(id)
        let registered = try await store.workspaces.register(
            id, name: name, rootPath: try root ?? (isKnown ? nil : WorkingDirectory.current()), color: color)
        try await store.close()
        guard format.format == .text else { return try printDocument(registered.outputJSON, format.format) }
        try Output.standard.line("workspace \(id) is registered: \(registered.name), \(registered.rootPath)")
    }

    /// The folder need not be there.
    private static func absolute(_ path: String) throws(CommandFailure) -> String {
        guard !path.isEmpty, !path.hasPrefix("/") else { return path }
        return try WorkingDirectory.current() + "/" + path
    }
}

struct WorkspaceRenameCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Gives a workspace another name; its id stays.",
        discussion: "Example: holdfast workspace rename website \"The website\"")

    @OptionGroup var workspace: WorkspaceArgument

    @Argument(help: "The new name.")
    var name: String

    @OptionGroup var store: StoreArguments

    func run() async throws {
        let store = try await store.openExisting().store
        try await store.workspaces.rename(try workspace.id(), to: name)
        try await store.close()
        try Output.standard.line("workspace \(workspace.workspace) is called \(name.printable)")
    }
}

struct WorkspaceRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forgets a workspace.",
        discussion: """
            Refused while runs or processes have its tag, unless forced; they keep the tag.

            Example: holdfast workspace remove website --force
            """)

    @OptionGroup var workspace: WorkspaceArgument

    @Flag(help: "Also while runs or processes have its tag.")
    var force = false

    @OptionGroup var store: StoreArguments

    func run() async throws {
        let store = try await store.openExisting().store
        try await store.workspaces.remove(try workspace.id(), isForced: force)
        try await store.close()
        try Output.standard.line("workspace \(workspace.workspace) is removed")
    }
}
