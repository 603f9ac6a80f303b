import ArgumentParser
import Holdfast
import HoldfastEngine

struct DAGsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a DAG: its versions, and what it runs.",
        discussion: "Example: holdfast dags show nightly-etl --version 3")

    @OptionGroup var dag: DAGArgument

    @Option(help: "The version to show, by digest or label, instead of the one in force.")
    var version: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let store = try await store.openExisting().store
        let registered = try await store.dags.get(try dag.id())
        let definition = try await store.dags.definition(of: registered.id, version: version)
        guard format.format == .text else {
            return try printDocument(registered.outputJSON(with: definition), format.format)
        }
        var table = TextTable([
            .init(title: "VERSION"), .init(title: "LABEL", isFlexible: true), .init(title: "REGISTERED"),
        ])
        for version in registered.versions {
            table.add(
                .init(String(version.digest.hexadecimal.prefix(12))), .init(version.label ?? ""),
                .init(version.registeredAt.description))
        }
        try Output.standard.write(table.rendered(on: .output) + (registered.isPaused ? "paused\n\n" : "\n"))
        // Required parameters have no value yet, so what depends on them is shown as written.
        try PlanDisplay(try Plan(definition, params: definition.params)).print(.text)
    }
}
