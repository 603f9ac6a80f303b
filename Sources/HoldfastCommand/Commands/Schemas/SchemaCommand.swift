import ArgumentParser
import Holdfast

struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Registers JSON Schemas, and checks files against them.",
        discussion: """
            Schemas are JSON Schema documents of draft 2020-12. An artifact that is saved under a schema has to satisfy it.

            Example: holdfast schema register order.json --as order@1.0.0
            """,
        subcommands: [
            SchemaListCommand.self, SchemaShowCommand.self, SchemaRegisterCommand.self, SchemaCheckCommand.self,
            SchemaDeleteCommand.self,
        ],
        defaultSubcommand: SchemaListCommand.self)
}

struct SchemaListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the registered schemas.",
        discussion: "Example: holdfast schema list --name order")

    @Option(help: "Only the versions of this one.")
    var name: String?

    @OptionGroup var pages: PageOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    private static let columns = ["name", "version", "title", "registered_at", "digest"]

    func run() async throws {
        let store = try await store.openExisting().store
        let page = try await store.schemas.list(name: name, limit: pages.limit, cursor: pages.start)
        let listing = Listing(
            document: page.outputJSON, elements: page.elements.map(\.outputJSON), columns: Self.columns)
        try listing.print(format.format) {
            page.elements.isEmpty ? "no schemas\n" : Self.table(page.elements).rendered(on: .output)
        }
        pages.announce(page.nextCursor, format.format)
    }

    private static func table(_ schemas: [RegisteredSchema]) -> TextTable {
        var table = TextTable([
            .init(title: "SCHEMA"), .init(title: "TITLE", isFlexible: true),
            .init(title: "REGISTERED", isOptional: true),
            .init(title: "DIGEST", isOptional: true),
        ])
        for schema in schemas {
            table.add(
                .init(schema.id.rawValue), .init(schema.document["title"]?.stringValue ?? ""),
                .init(schema.registeredAt.description), .init(String(schema.digest.hexadecimal.prefix(12))))
        }
        return table
    }
}

struct SchemaShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Prints a schema.",
        discussion: """
            Its document as it was registered; with --format json, what is known about it too.

            Example: holdfast schema show order@1.0.0
            """)

    @Argument(help: "The schema's name@version.")
    var schema: String

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let found = try await store.openExisting().store.schemas.get(try SchemaID(schema))
        let isText = format.format == .text
        try printDocument(isText ? found.document : found.outputJSONWithDocument, format.format)
    }
}
