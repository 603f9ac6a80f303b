import ArgumentParser

struct ProgramCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "program",
        abstract: "How fast `holdfast --version` and `holdfast runs` answer, and what memory a large run takes.",
        discussion: "  holdfast-bench program --runs 100000 --tasks 10000 --format json")

    @Option(help: "The command to measure; by default the one built together with this program.")
    var holdfast = ProgramBenchmark.besideThisProgram

    @Option(help: "How many runs the listed history has.")
    var runs = 100_000

    @Option(help: "How many tasks the large run has.")
    var tasks = 10_000

    @Option(help: "How often each command is started.")
    var repetitions = 30

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let benchmark = ProgramBenchmark(
            program: holdfast, runs: runs, tasks: tasks, repetitions: repetitions, folder: place.folder)
        print(try await benchmark.measure().printed(as: place.format))
    }
}
