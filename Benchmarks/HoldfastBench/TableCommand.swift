import ArgumentParser
import Foundation
import Holdfast

struct TableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table", abstract: "Everything measured, beside what it should reach.")

    @Option(help: "Figures of other engines, as Benchmarks/peers/run wrote them.")
    var peers: String?

    @Option(help: "Runs in the long history.")
    var runs = 1_000_000

    @Option(help: "Seconds for each measurement of steps.")
    var seconds = 5.0

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        var table = Table()
        print(Table.head)
        let alone = try await steps(workflows: 1)
        let crowd = try await steps(workflows: 64)
        let throng = try await steps(workflows: 1024)
        table.addSteps(alone: alone, crowd: crowd, throng: throng)
        try table.addPeers(peers, alone: alone, crowd: crowd)
        table.addFilesSteps(
            alone: try await steps(.files, workflows: 1), crowd: try await steps(.files, workflows: 64))
        let listing = ListBenchmark(store: .sqlite, runs: runs, queries: 1000, folder: place.folder)
        table.addListing(try await listing.measure())
        let processes = ProcessBenchmark(
            store: .sqlite, kept: 100_000, turns: 10_000, seconds: 4 * seconds, folder: place.folder)
        table.addProcesses(try await processes.measure())
        let program = ProgramBenchmark(
            program: ProgramBenchmark.besideThisProgram, runs: 100_000, tasks: 10_000, repetitions: 30,
            folder: place.folder)
        table.addProgram(try await program.measure())
        print(table.verdict)
    }

    private func steps(_ store: StoreKind = .sqlite, workflows: Int) async throws -> Figures {
        try await StepsBenchmark(
            store: store, workflows: workflows, steps: 100, seconds: seconds, folder: place.folder
        ).measure()
    }
}
