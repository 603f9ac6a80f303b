import ArgumentParser
import Holdfast

struct SchemaCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks a JSON file against a schema, or a schema itself.",
        discussion: """
            With --schema, a registered name@version or a file, every violation is printed with its JSON pointer; without, \
            the file is read as a schema, and every problem of it is printed. The exit code is 2 when there is one.

            Example: holdfast schema check order-17.json --schema order@1.0.0
            """)

    @Argument(help: "The JSON file.", completion: .file(extensions: ["json"]))
    var file: String

    @Option(help: ArgumentHelp("The schema to hold it against.", valueName: "name@version|file"))
    var schema: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    /// More than anyone reads; the rest is said to be there.
    private static let limit = 10_000

    func run() async throws {
        let value = try JSONInput.read(file)
        guard let schema else { return try checkSchema(value) }
        let report = try await load(schema).check(value, limit: Self.limit)
        if format.format != .text { try printDocument(report.outputJSON, format.format) }
        guard report.isValid else { throw failure(report, schema) }
        if format.format == .text { try Output.standard.line("\(file) satisfies \(schema)") }
    }

    private func failure(_ report: SchemaReport, _ schema: String) -> CommandFailure {
        guard format.format == .text else { return CommandFailure(.badInput) }
        let count = report.violations.count
        let sum = "\(file) breaks \(schema) in \(count == 1 ? "1 place" : "\(count) places")"
        return CommandFailure(
            .badInput, report.isCut ? sum + ", and in more" : sum,
            details: report.violations.map { "\(file): \($0)" })
    }

    private func checkSchema(_ document: JSONValue) throws {
        _ = try SchemaFile.schema(document, file: file, format.format)
        guard format.format == .text else {
            return try printDocument(["valid": true, "problems": []], format.format)
        }
        try Output.standard.line("\(file) is a schema")
    }

    /// A name@version is registered; everything else is a file.
    private func load(_ name: String) async throws -> JSONSchema {
        guard let id = SchemaID(rawValue: name) else {
            return try SchemaFile.schema(try JSONInput.read(name), file: name)
        }
        let document = try await store.openExisting().store.schemas.get(id).document
        return try SchemaFile.schema(document, file: name)
    }
}

extension SchemaReport {
    fileprivate var outputJSON: JSONValue {
        ["valid": .bool(isValid), "violations": .array(violations.map(\.outputJSON)), "is_cut": .bool(isCut)]
    }
}
