import Foundation
import Holdfast
import Testing

@Suite("Importing and exporting")
struct ExchangeTests {
    private static let lines = """
        {"run_id": "r1", "started_at": "2026-03-01T08:00:00Z", "ended_at": "2026-03-01T08:10:00Z", "result": "success", "host": "ci"}
        {"run_id": "r2", "started_at": "2026-03-02T08:00:00Z", "ended_at": "2026-03-02T08:10:00Z", "result": "stopped"}
        {"run_id": "r3", "started_at": "2026-03-0

        """

    @Test("import says what came in and what did not; the records are there; importing again changes nothing")
    func imports() async throws {
        let folder = try Folder()
        try folder.write(Self.lines, to: "runs.jsonl")
        let first = try await folder.holdfast("import", "runs.jsonl", "--format", "json")
        #expect(first.status == 0)
        #expect(
            try first.json() == [
                "format": "run-history", "unchanged": 0,
                "imported": ["runs": 2, "processes": 0, "workspaces": 0, "artifacts": 0, "cached": 0, "dags": 0],
                "rejected": [["file": "runs.jsonl", "line": 3, "reason": "no JSON: unterminated string"]],
                "above_limits": ["runs": 0, "processes": 0],
            ])
        let runs = try await folder.holdfast("runs", "--format", "json").json()["runs"]?.arrayValue ?? []
        #expect(runs.map { $0["run_id"] } == ["r2", "r1"] && runs.map { $0["state"] } == ["cancelled", "success"])
        #expect(try await folder.show("r1")["metadata"]?["imported"]?["fields"]?["host"] == "ci")
        let second = try await folder.holdfast("import", "runs.jsonl")
        #expect(second.status == 0 && second.lines.last == "imported nothing from run-history; 2 unchanged; 1 rejected")
        #expect(second.lines.first == "runs.jsonl:3: no JSON: unterminated string")
    }

    @Test(
        "import says what is above the limits, and leaves it to the next run or to prune", arguments: StoreKind.tested)
    func aboveLimits(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(Self.lines, to: "runs.jsonl")
        try await folder.holdfast("prune", "--set", "max_runs_per_dag=1")
        let result = try await folder.holdfast("import", "runs.jsonl")
        let note = "above the store's limits: 1 run; applied when the next one is added, or by holdfast prune"
        #expect(result.status == 0 && result.lines.last == note)
        #expect(try await folder.holdfast("runs", "--format", "jsonl").lines.count == 2)
        #expect(try await folder.holdfast("prune").status == 0)
        #expect(try await folder.holdfast("import", "runs.jsonl", "--format", "json").json()["unchanged"] == 1)
    }

    @Test("a dry run says what would happen and makes no store")
    func dryRun() async throws {
        let folder = try Folder()
        try folder.write(Self.lines, to: "runs.jsonl")
        let result = try await folder.holdfast("import", "runs.jsonl", "--dry-run", "--format", "run-history")
        #expect(result.status == 0 && result.lines.last == "would import 2 runs from run-history; 1 rejected")
        #expect(!folder.exists(".holdfast"))
    }

    @Test("--format takes the source's format and how to print, each once")
    func formats() async throws {
        let folder = try Folder()
        try folder.write(Self.lines, to: "runs.jsonl")
        let both = try await folder.holdfast("import", "runs.jsonl", "--format", "run-history", "--format", "json")
        #expect(try both.json()["imported"]?["runs"] == 2)
        let wrong = try await folder.holdfast("import", "runs.jsonl", "--format", "run-histori")
        #expect(wrong.status == 64 && wrong.error.contains("did you mean run-history?"))
        let twice = try await folder.holdfast("import", "runs.jsonl", "--format", "awf", "--format", "run-history")
        #expect(twice.status == 64)
    }

    @Test("nothing of a known format ends with 2")
    func nothing() async throws {
        let folder = try Folder()
        try folder.write("hello", to: "notes.txt")
        for arguments in [["notes.txt"], ["."], ["nowhere"], ["notes.txt", "--format", "awf"]] {
            let result = try await folder.holdfast(all: ["import"] + arguments)
            #expect(result.status == 2 && result.error.hasPrefix("holdfast: "), "\(result.error)")
            #expect(!folder.exists(".holdfast"))
        }
    }

    @Test("export writes what was imported back, and refuses a folder with something in it")
    func exports() async throws {
        let folder = try Folder()
        try folder.write(Self.lines, to: "runs.jsonl")
        try await folder.holdfast("import", "runs.jsonl")
        let result = try await folder.holdfast(
            "export", "--all", "--as", "run-history", "--output", "out", "--format", "json")
        #expect(result.status == 0)
        #expect(try result.json()["exported"]?["runs"] == 2)
        let written = try folder.lines("out/runs.jsonl").map { try JSONValue(parsing: $0) }
        let original = try Self.lines.split(separator: "\n").prefix(2).map { try JSONValue(parsing: String($0)) }
        #expect(Set(written) == Set(original))
        let again = try await folder.holdfast("export", "r1", "--as", "awf", "--output", "out")
        #expect(again.status == 2 && again.error.contains("not empty"))
        #expect(try await folder.holdfast("export", "--as", "awf", "--output", "new").status == 64)
    }

    @Test(
        "export of a DAG that nobody knows ends with 2 and makes no folder",
        arguments: ["run-history", "process-store"])
    func unknownDAG(_ format: String) async throws {
        let folder = try Folder()
        try await folder.holdfast("init")
        try await folder.holdfast("dags", "register", "pipeline.yaml")
        let name = try #require(try await folder.holdfast("dags", "--format", "json").json()["dags"]?[0]?["dag_id"])
        let known = try #require(name.stringValue)
        let wrong = try await folder.holdfast("export", "--dag", known + "x", "--as", format, "--output", "out")
        #expect(wrong.status == 2 && wrong.error.contains("not found: did you mean \(known)?"), "\(wrong.error)")
        #expect(!folder.exists("out"))
        let empty = try await folder.holdfast("export", "--dag", known, "--as", format, "--output", "out")
        #expect(empty.status == 0 && empty.output.hasPrefix("exported nothing"), "\(empty.output)")
    }

    @Test("what was interrupted elsewhere goes on by a pipeline that is named, which is said")
    func resumed() async throws {
        let folder = try Folder()
        try folder.write(
            #"""
            {"WorkflowID": "w", "WorkflowName": "deploy", "Status": "running", "StartedAt": "2026-03-01T08:00:00Z", "States":
             {"build": {"Name": "build", "Status": "completed"}, "ship": {"Name": "ship", "Status": "running"}}}
            """#, to: "w.json")
        try folder.write(
            "name: deploy\ntasks: { build: { run: touch built }, ship: { needs: [build], run: touch shipped } }\n",
            to: "deploy.yaml")
        #expect(try await folder.holdfast("import", "w.json").status == 0)
        let advice = "Go on with: holdfast resume w --file pipeline.yaml"
        #expect(try await folder.holdfast("show", "w").lines.last == advice)
        let bare = try await folder.holdfast("resume", "w")
        #expect(bare.status == 2 && bare.error.contains("name its pipeline with --file"), "\(bare.error)")
        let resumed = try await folder.holdfast("resume", "w", "--file", "deploy.yaml")
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(folder.exists("shipped") && !folder.exists("built"))
        #expect(try await folder.show("w")["state"] == "success")
    }

    @Test(
        "a run of ours can be written in every format", arguments: ["pipeline-core", "waivern", "awf", "run-history"])
    func ours(_ format: String) async throws {
        let folder = try Folder()
        try await folder.holdfast("init")
        try await folder.holdfast("run", "pipeline.yaml", "--run-id", "r")
        let result = try await folder.holdfast("export", "r", "--as", format, "--output", "out")
        #expect(result.status == 0 && result.output.hasPrefix("exported 1 run"), "\(result.error)")
        let back = try await folder.holdfast("import", "out", "--store", "sqlite:other.db", "--format", "json")
        #expect(try back.json()["format"] == .string(format))
        #expect(try back.json()["imported"]?["runs"] == 1 && back.json()["rejected"] == [])
        let run = try await folder.holdfast("show", "r", "--store", "sqlite:other.db", "--format", "json").json()
        let own = try await folder.show("r")
        for name in ["state", "dag_id", "started_at", "ended_at", "duration_seconds"] {
            #expect(run[name] == own[name], "\(name)")
        }
        func tasks(_ run: JSONValue) -> [String: JSONValue] {
            Dictionary(
                (run["tasks"]?.arrayValue ?? []).map {
                    ("\($0["task_id"]?.rawText ?? "") \($0["map_index"]?.rawText ?? "")", $0)
                }
            ) { $1 }
        }
        let (found, expected) = (tasks(run), tasks(own))
        #expect(Set(found.keys) == Set(expected.keys))
        for (task, json) in expected {
            var names = ["state", "try_number"]
            if format != "waivern" { names += ["started_at", "ended_at"] }
            if format == "pipeline-core" { names.append("max_tries") }
            for name in names { #expect(found[task]?[name] == json[name], "\(task) \(name)") }
        }
    }

    @Test("D: a crashed run that was brought to its end here reaches the history; what was passed over leaves no step")
    func reachesHistory() async throws {
        let folder = try Folder()
        try folder.write(
            """
            {"WorkflowID": "wf 1", "WorkflowName": "w", "Status": "running", "StartedAt": "2026-02-01T10:00:00Z", "States": {}}
            """, to: "a.json")
        try folder.write(
            """
            name: w
            tasks:
              t: { run: "true" }
              never: { needs: [t], trigger: one_failed, run: "true" }
            """, to: "w.yaml")
        try await folder.holdfast("import", "a.json")
        let listed = try await folder.holdfast("runs", "--format", "json").json()["runs"]
        let run = try #require(listed?[0]?["run_id"]?.stringValue)
        #expect(try await folder.holdfast("resume", run, "--file", "w.yaml").status == 0)
        #expect(try await folder.holdfast("export", run, "--as", "awf", "--output", "out").status == 0)
        let states = try JSONValue(parsing: Array(try folder.read("out/states/\(run).json").utf8))["States"]
        #expect(states?["t"]?["Status"] == "completed" && states?["never"] == nil)
        let store = "sqlite:other.db"
        #expect(try await folder.holdfast("--store", store, "import", "out/history.db").status == 0)
        #expect(
            try await folder.holdfast("--store", store, "show", run, "--format", "json").json()["state"] == "success")
        // The row is that of the state beside it, and of no further run.
        let again = try await folder.holdfast("--store", "sqlite:third.db", "import", "out", "--format", "json").json()
        #expect(again["imported"]?["runs"] == 1)
    }
}
