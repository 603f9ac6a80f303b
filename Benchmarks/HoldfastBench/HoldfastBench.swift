import ArgumentParser

/// Measures Holdfast, always beside a floor or a peer of the same run, as one machine says little about another.
@main
struct HoldfastBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holdfast-bench",
        abstract: "Measures Holdfast beside what the machine can do at best.",
        subcommands: [
            StepsCommand.self, ListCommand.self, ProgramCommand.self, ProcessesCommand.self, TableCommand.self,
        ])
}

/// How figures are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// The stores that can be measured.
enum StoreKind: String, ExpressibleByArgument, CaseIterable {
    case sqlite, files, memory
}

struct PlaceOptions: ParsableArguments {
    @Option(help: "Where to make a scratch folder. It should be on a real disk: on tmpfs an fsync costs nothing.")
    var folder = "."

    @Option(help: "How to print the figures.")
    var format = OutputFormat.text
}
