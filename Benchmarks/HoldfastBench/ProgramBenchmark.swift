import Foundation
import Holdfast

/// What a person at a terminal feels of the command: how fast it answers, how much memory it takes.
struct ProgramBenchmark {
    /// The built `holdfast`.
    var program: String
    var runs: Int
    var tasks: Int
    var repetitions: Int
    var folder: String

    func measure() async throws -> Figures {
        try await ScratchFolder.with(in: folder) { scratch in
            var figures = Figures()
            let store = try await scratch.open(.sqlite)
            try await RunHistory(runs: runs).fill(store)
            try await store.close()
            let url = "sqlite:" + scratch.database()
            var version: [Double] = []
            var listing: [Double] = []
            // Alternating, so that what else the machine does touches both alike.
            for _ in 0..<repetitions {
                version.append(try holdfast(["--version"], scratch).milliseconds)
                listing.append(try holdfast(["runs", "--store", url], scratch).milliseconds)
            }
            figures.add("version_ms", version.median)
            figures.add("runs_listed_of", Double(runs))
            figures.add("runs_ms", listing.median)
            figures.add("runs_over_version_ms", zip(listing, version).map { $0 - $1 }.median)
            try addMemory(to: &figures, scratch)
            return figures
        }
    }

    private func addMemory(to figures: inout Figures, _ scratch: ScratchFolder) throws {
        var text = "name: many\nmax_parallel: 8\ntasks:\n"
        for task in 0..<tasks { text += "  t\(task): { command: [\"true\"] }\n" }
        let file = scratch.path + "/many.yaml"
        try Data(text.utf8).write(to: URL(filePath: file))
        let cost = try holdfast(["run", file, "--store", "sqlite:\(scratch.database("many"))"], scratch)
        figures.add("tasks", Double(tasks))
        figures.add("run_peak_megabytes", cost.peakMegabytes)
        figures.add("tasks_per_second", Double(tasks) / cost.milliseconds * 1000)
    }

    private func holdfast(_ arguments: [String], _ scratch: ScratchFolder) throws -> ChildProgram.Cost {
        try ChildProgram(path: program, arguments: arguments, log: scratch.path + "/errors").run()
    }
}

extension ProgramBenchmark {
    /// The command that was built together with this program.
    static var besideThisProgram: String {
        (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])).deletingLastPathComponent()
            .appending(path: "holdfast").path()
    }
}
