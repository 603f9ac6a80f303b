import ArgumentParser
import Holdfast

struct ArtifactsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artifacts",
        abstract: "Lists a run's artifacts, or gives one out.",
        discussion: """
            With a key, writes the artifact's bytes to standard output, or to a file with --output. With --schema, lists \
            those that were saved under a schema: of one version (order@1.0.0) or of any (order).

            Example: holdfast artifacts 7xk2 report/report.html --output report.html
            """)

    @OptionGroup var run: RunArgument

    @Argument(help: "The artifact's key.")
    var key: String?

    @Option(help: "Write the bytes to this file instead.", completion: .file())
    var output: String?

    @Option(help: ArgumentHelp("Only those that were saved under this schema.", valueName: "name[@version]"))
    var schema: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    private static let columns = ["key", "size", "digest", "media_type", "schema"]

    func validate() throws {
        if output != nil, key == nil { throw ValidationError("--output needs the key of an artifact") }
        if schema != nil, key != nil { throw ValidationError("--schema lists artifacts; leave out the key") }
    }

    func run() async throws {
        let key = try key.map { text throws(StoreError) in try ArtifactKey(text) }
        let opened = try await store.openExisting()
        let id = try await run.id(in: opened.store)
        if let key {
            let stream = try await opened.store.artifacts.stream(id, key)
            guard let output else { return try await stream.write(to: .standard) }
            return try await stream.write(toFile: output)
        }
        let artifacts = try await opened.store.artifacts.list(id).filter(isWanted)
        let elements = artifacts.map(\.outputJSON)
        let listing = Listing(document: ["artifacts": .array(elements)], elements: elements, columns: Self.columns)
        try listing.print(format.format) {
            artifacts.isEmpty ? "no artifacts\n" : ArtifactTable.table(artifacts).rendered(on: .output)
        }
    }

    private func isWanted(_ artifact: ArtifactReference) -> Bool {
        guard let schema else { return true }
        return artifact.schema == schema || artifact.schema?.hasPrefix(schema + "@") == true
    }
}
