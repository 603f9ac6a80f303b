import ArgumentParser

struct StepsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steps",
        abstract: "Durable steps a second of Swift workflows, beside raw single-row SQLite commits or raw appends.",
        discussion: """
            ratio is the median over pairs of neighbouring slices, floor and work. bytes_per_step is what the database \
            has grown by, after its log was truncated, with all that runs keep beside their steps. For files the floor \
            appends lines of the same bytes and calls fdatasync after each; bytes_per_step is what a step takes in the \
            journal, views apart.

              holdfast-bench steps --store sqlite --workflows 64 --steps 100 --seconds 5 --format json
              holdfast-bench steps --store files --workflows 1
            """)

    @Option(help: "The store to measure.")
    var store = StoreKind.sqlite

    @Option(help: "How many workflows run at once.")
    var workflows = 64

    @Option(help: "How many steps each run has.")
    var steps = 100

    @Option(help: "How long, floor and work together.")
    var seconds = 5.0

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        guard workflows > 0, steps > 0, seconds > 0 else {
            throw ValidationError("--workflows, --steps and --seconds must be more than 0.")
        }
    }

    func run() async throws {
        let benchmark = StepsBenchmark(
            store: store, workflows: workflows, steps: steps, seconds: seconds, folder: place.folder)
        print(try await benchmark.measure().printed(as: place.format))
    }
}
