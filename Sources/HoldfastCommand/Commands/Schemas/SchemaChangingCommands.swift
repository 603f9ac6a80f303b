import ArgumentParser
import Holdfast

struct SchemaRegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Registers a schema under a name and a version.",
        discussion: """
            Both come from --as, or from a file that is called order@1.0.0.json. What is registered never changes: the same \
            content again is fine, another content is refused. Every problem of a broken schema is printed, and the exit \
            code is 2.

            Example: holdfast schema register order.json --as order@1.0.0
            """)

    @Argument(help: "The file with the schema.", completion: .file(extensions: ["json"]))
    var file: String

    @Option(name: .customLong("as"), help: ArgumentHelp("Name and version.", valueName: "name@version"))
    var id: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let id = try SchemaFile.id(id, of: file)
        let document = try JSONInput.read(file)
        _ = try SchemaFile.schema(document, file: file, format.format)
        let opened = try await store.openOrCreate()
        let schema = try await opened.store.schemas.register(id, document)
        try await opened.store.close()
        guard format.format == .text else { return try printDocument(schema.outputJSON, format.format) }
        try Output.standard.line("\(schema.id) is registered, digest \(schema.digest.hexadecimal.prefix(12))")
    }
}

struct SchemaDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Forgets a schema; artifacts under it stay.",
        discussion: """
            Its name and version can only be registered again with the same content, as artifacts may go on naming it.

            Example: holdfast schema delete order@1.0.0
            """)

    @Argument(help: "The schema's name@version.")
    var schema: String

    @OptionGroup var store: StoreArguments

    func run() async throws {
        let id = try SchemaID(schema)
        let opened = try await store.openExisting()
        guard try await opened.store.schemas.delete(id) else {
            throw StoreError(.notFound, subject: "schema \(id)")
        }
        try await opened.store.close()
        try Output.standard.line("\(id) is no longer registered; artifacts under it stay")
    }
}
