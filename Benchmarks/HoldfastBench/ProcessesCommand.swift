import ArgumentParser

extension ProcessWork.Act: ExpressibleByArgument {}

struct ProcessesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "processes",
        abstract:
            "What a process added or updated costs with 500 kept and with many, and a turn after 10 and after many.",
        discussion: """
            The growth figures say how much longer it takes with many, the ratio figures how it stands beside raw commits.

              holdfast-bench processes --kept 100000 --format json
            """)

    @Option(help: "The store to measure.")
    var store = StoreKind.sqlite

    @Option(help: "How many processes are kept.")
    var kept = 100_000

    @Option(help: "How many turns a conversation has.")
    var turns = 10_000

    @Option(help: "Seconds to measure.")
    var seconds = 20.0

    @Option(name: .customLong("act"), help: "What to measure, for a profile of it alone; again for several.")
    var acts = ProcessWork.Act.allCases

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        guard kept >= 500, turns >= 10 else { throw ValidationError("At least 500 --kept and 10 --turns.") }
    }

    func run() async throws {
        let benchmark = ProcessBenchmark(
            store: store, kept: kept, turns: turns, seconds: seconds, acts: acts, folder: place.folder)
        print(try await benchmark.measure().printed(as: place.format))
    }
}
