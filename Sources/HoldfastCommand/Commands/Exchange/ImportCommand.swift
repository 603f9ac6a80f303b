import ArgumentParser
import Foundation
import Holdfast
import HoldfastFormats

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Brings in the records of another system.",
        discussion: """
            Reads a folder or a file and never writes to it. What is looked for:

              pipeline-core   dags.json, runs/*.json, xcom/*.json
              process-store   processes.json, processes/*, repos/*/processes/*, workspaces.json
              waivern         runs/*/_system, artifacts, batch_jobs, prepared, llm_cache
              awf             states/*.json, history.db
              run-history     runs.jsonl, events/pipeline_*.jsonl

            Each record that can't be read is reported with its file, line and reason; the others come in. What our records \
            can't say is kept in the metadata under "imported", and given back by export. Importing again changes nothing. Times \
            without an offset are local ones. Nothing is pruned: what is above the store's limits is told. Exits with 2 when \
            nothing was recognised.

            Example: holdfast import ~/old/pipeline --dry-run --format json
            """)

    @Argument(help: "The folder or file.", completion: .file())
    var path: String

    @Option(
        help: ArgumentHelp(
            "The source's format (\(RecordFormat.allCases.map(\.rawValue).joined(separator: ", "))), when it can't be told; "
                + "and how to print: text or json. May be given twice.", valueName: "name"),
        transform: Choice.init(named:))
    var format: [Choice] = []

    @Flag(help: "Only says what would happen.")
    var dryRun = false

    @Option(
        name: .customLong("time-zone"),
        help: ArgumentHelp("Of times without an offset; by default the machine's.", valueName: "name"),
        transform: Self.parseTimeZone)
    var timeZone: TimeZone = .current

    @OptionGroup var store: StoreArguments

    /// What a `--format` names.
    enum Choice: Sendable {
        case source(RecordFormat)
        case output(OutputFormat)

        @Sendable init(named text: String) throws {
            if let source = RecordFormat(rawValue: text) {
                self = .source(source)
            } else if let output = OutputFormat(rawValue: text), output == .text || output == .json {
                self = .output(output)
            } else {
                let names = RecordFormat.allCases.map(\.rawValue) + ["text", "json"]
                let advice = Spelling.nearest(to: text, in: names).map { "did you mean \($0)?" }
                throw ValidationError(
                    "\(quoted(text)) is no format; \(advice ?? "use " + names.joined(separator: ", "))")
            }
        }
    }

    func run() async throws {
        let format = try Importer.recognize(path, format: try source)
        let output = try output
        let opened = dryRun ? try await store.openExisting() : try await store.openOrCreate()
        let progress = ExchangeProgress(dryRun ? "found" : "imported")
        let importer = Importer(opened.store, timeZone: timeZone, isDryRun: dryRun) { report in
            progress.show(report.imported, " · \(report.rejected.count) rejected")
        }
        defer { progress.clear() }
        let report = try await importer.run(path, format: format)
        try await opened.store.close()
        progress.clear()
        switch output {
        case .json: try Output.standard.json(report.outputJSON)
        default: try Output.standard.write(text(of: report))
        }
    }

    private var source: RecordFormat? {
        get throws {
            let named = format.compactMap { if case .source(let format) = $0 { format } else { nil } }
            guard named.count < 2 else { throw ValidationError("--format names more than one source format") }
            return named.first
        }
    }

    private var output: OutputFormat {
        get throws {
            let named = format.compactMap { if case .output(let format) = $0 { format } else { nil } }
            guard named.count < 2 else { throw ValidationError("--format says more than once how to print") }
            return named.first ?? .text
        }
    }

    private func text(of report: ImportReport) -> String {
        let rejected = report.rejected.map { rejection in
            "\(rejection.file)\(rejection.line.map { ":\($0)" } ?? ""): \(rejection.reason)".printable + "\n"
        }
        var lines = "\(dryRun ? "would import" : "imported") \(report.imported.text) from \(report.format.rawValue)"
        if report.unchanged > 0 { lines += "; \(report.unchanged) unchanged" }
        if report.superseded > 0 { lines += "; \(report.superseded) replaced by later lines" }
        if !report.rejected.isEmpty { lines += "; \(report.rejected.count) rejected" }
        return rejected.joined() + lines + "\n" + Self.note(of: report.aboveLimits ?? RetentionExcess())
    }

    private static func note(of excess: RetentionExcess) -> String {
        guard !excess.isNone else { return "" }
        let parts = [(excess.runs, "run", "runs"), (excess.processes, "process", "processes")]
            .filter { $0.0 > 0 }.map { "\($0.0) \($0.0 == 1 ? $0.1 : $0.2)" }
        return "above the store's limits: \(parts.joined(separator: ", ")); applied when the next one is added, or by "
            + "holdfast prune\n"
    }

    @Sendable private static func parseTimeZone(_ text: String) throws -> TimeZone {
        if let zone = TimeZone(identifier: text) { return zone }
        throw ValidationError("\(quoted(text)) is no time zone; write a name such as UTC or Europe/Berlin")
    }
}
