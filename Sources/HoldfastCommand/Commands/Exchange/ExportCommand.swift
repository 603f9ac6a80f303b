import ArgumentParser
import Holdfast
import HoldfastFormats

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes records as another system keeps them.",
        discussion: """
            What was imported from that system goes back as it was, except for what has changed since. The folder must be empty \
            or new.

            Example: holdfast export --dag nightly-etl --as run-history --output history
            """)

    @Argument(help: "The runs' ids, or unambiguous beginnings of them.", completion: .runs)
    var runs: [String] = []

    @Option(help: "All runs of this DAG.", completion: .dags)
    var dag: String?

    @Flag(help: "Everything.")
    var all = false

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "The format: \(RecordFormat.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "format"),
        transform: { try parseName($0, of: "format") })
    var target: RecordFormat

    @Option(help: ArgumentHelp("The folder to write to.", valueName: "dir"), completion: .directory)
    var output: String

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func validate() throws {
        let ways = (runs.isEmpty ? 0 : 1) + (dag == nil ? 0 : 1) + (all ? 1 : 0)
        guard ways == 1 else { throw ValidationError("name either runs, or --dag, or --all") }
    }

    func run() async throws {
        let opened = try await store.openExisting().store
        let progress = ExchangeProgress("exported")
        let exporter = Exporter(opened) { report in progress.show(report.exported) }
        defer { progress.clear() }
        let report = try await exporter.run(try await selection(opened), as: target, to: output)
        progress.clear()
        guard format.format == .text else { return try printDocument(report.outputJSON, format.format) }
        try Output.standard.line("exported \(report.exported.text) to \(output.printable)")
        guard report.unfinished > 0 else { return }
        try Output.standard.line(
            "left out, as the format has nothing for what has not ended: \(counted(report.unfinished, "run"))")
    }

    private func selection(_ store: any Store) async throws -> Exporter.Selection {
        if let dag { return .dag(try DAGID(dag)) }
        if all { return .all }
        var found: [RunID] = []
        for run in runs { found.append(RunID(unchecked: try await store.runs.find(run).id.id)) }
        return .runs(found)
    }
}
