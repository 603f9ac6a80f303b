import Foundation
import Holdfast
import Testing

@Suite("Limits on history")
struct PruneTests {
    private func filled(_ count: Int, _ store: StoreKind = .sqlite) async throws -> Folder {
        let folder = try Folder(store)
        try folder.write("name: a\ntasks: { t: { run: echo x } }\n", to: "a.yaml")
        for index in 1...count { try await folder.holdfast("run", "a.yaml", "--run-id", "r\(index)") }
        return folder
    }

    private func runs(_ folder: Folder) async throws -> [String] {
        let page = try await folder.holdfast("runs", "--format", "json").json()
        return page["runs"]?.arrayValue?.compactMap { $0["run_id"]?.stringValue } ?? []
    }

    @Test(
        "A dry run tells what a limit would remove; setting it removes that, with its logs; the next run applies it",
        arguments: StoreKind.tested)
    func prunes(_ store: StoreKind) async throws {
        let folder = try await filled(4, store)
        let dry = try await folder.holdfast("prune", "--set", "max_runs_per_dag=2", "--dry-run")
        #expect(dry.status == 0 && dry.output.contains("a: 2 runs: r1, r2\nwould remove 2 runs and 0 processes"))
        let kept = store == .files ? "100 runs of each DAG, 500 processes" : "all runs, all processes"
        #expect(try await folder.holdfast("prune").output.hasPrefix("keeps \(kept)\nremoved 0 runs"))
        try await folder.holdfast("pin", "r1")
        let result = try await folder.holdfast("prune", "--set", "max_runs_per_dag=2", "--format", "json").json()
        #expect(result["pruned"] == ["runs": 2, "processes": 0])
        #expect(result["runs"] == ["a": ["r2", "r3"]])
        #expect(result["limits"]?["max_runs_per_dag"] == 2)
        #expect(try await runs(folder) == ["r4", "r1"])
        #expect(!folder.exists(".holdfast/logs/r2") && folder.exists(".holdfast/logs/r1/t/1.log"))
        let added = try await folder.holdfast("run", "a.yaml", "--run-id", "r5")
        #expect(added.error.contains("over the store's limits: removed 1 run\n"))
        #expect(try await runs(folder) == ["r5", "r1"])
        try await folder.holdfast("prune", "--set", "max_processes=1")
        for id in ["p1", "p2", "p3"] {
            try await folder.holdfast("process", "add", "--id", id, "--status", "completed")
        }
        let process = try await folder.holdfast("process", "add", "--id", "p4", "--status", "completed")
        #expect(process.output == "p4\n" && process.error.contains("removed 1 process\n"))
        #expect(!folder.exists(".holdfast/logs/r4") && folder.exists(".holdfast/logs/r5"))
        #expect(try await folder.holdfast("verify").status == 0)
    }

    @Test("A DAG has limits of its own, and gives them back")
    func dagLimits() async throws {
        let folder = try await filled(2)
        try await folder.holdfast("prune", "--set", "max_age=30d", "--dag", "a")
        #expect(try await folder.holdfast("prune").output.contains("keeps of a all runs, for 30d\n"))
        try await folder.holdfast("prune", "--set", "max_age=default", "--dag", "a")
        #expect(try await !folder.holdfast("prune").output.contains("30d"))
        #expect(try await runs(folder).count == 2)
    }

    @Test(
        "Wrong limits are refused, each with what would be right",
        arguments: [
            ("max_runs=2", 64, "use max_runs_per_dag, max_age, max_processes"), ("max_age=soon", 64, "write it as"),
            ("max_processes=-1", 64, "use a number"), ("max_processes", 64, "write it as max_runs_per_dag=50"),
            ("max_runs_per_dag=99999999999999999999", 64, "use a number"),
        ])
    func refuses(_ change: String, _ status: Int32, _ advice: String) async throws {
        let folder = try Folder()
        let result = try await folder.holdfast("prune", "--set", change)
        #expect(result.status == status && result.error.contains(advice), "\(result.error)")
        #expect(!folder.exists(".holdfast"))
    }

    @Test("Processes are limited for the whole store")
    func refusesProcessesOfDAG() async throws {
        let folder = try Folder()
        let result = try await folder.holdfast("prune", "--set", "max_processes=1", "--dag", "a")
        #expect(result.status == 2 && result.error.contains("it is set for the whole store"))
    }
}
