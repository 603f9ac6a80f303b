import ArgumentParser

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "How long the newest 50 failed of many runs take, and the page after half of all failed.",
        discussion: """
            The same pages of 1,000 runs are measured in between; they are the peer_ figures.

              holdfast-bench list --runs 1000000 --format json
            """)

    @Option(help: "The store to measure.")
    var store = StoreKind.sqlite

    @Option(help: "How many runs the history has.")
    var runs = 1_000_000

    @Option(help: "How often each page is asked for.")
    var queries = 1000

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        guard runs >= 1000, queries >= 10 else { throw ValidationError("At least 1,000 --runs and 10 --queries.") }
    }

    func run() async throws {
        let benchmark = ListBenchmark(store: store, runs: runs, queries: queries, folder: place.folder)
        print(try await benchmark.measure().printed(as: place.format))
    }
}
