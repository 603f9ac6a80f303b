import Foundation
import Holdfast
import HoldfastFormats
import HoldfastMemory
import Testing

/// Layouts beside each other, files that lost their index, spellings that are mixed, and what comes of them.
@Suite("Layouts of sources")
struct LayoutTests {
    private let folder: TemporaryFolder
    private let store = MemoryStore()

    init() throws { folder = try TemporaryFolder() }

    private func rejections() async throws -> [String] {
        try await runImport(folder.path, into: store).rejected.map {
            "\($0.file.replacing(folder.path + "/", with: "")):\($0.line ?? 0): \($0.reason)"
        }
    }

    private static func process(_ id: String) -> String {
        #"{"id": "\#(id)", "status": "completed", "startTime": "2026-05-01T10:00:00.000Z"}"#
    }

    // MARK: process-store

    @Test(
        "B, Behaviours: orphan files and index entries without a file both occur",
        arguments: ["processes", "processes/ws", "repos/ws/processes", "repos/_default/processes"])
    func orphans(_ place: String) async throws {
        try folder.write(Self.process("a"), to: "\(place)/a.json")
        try folder.write(Self.process("orphan/1"), to: "\(place)/orphan_1.json")
        try folder.write("[\n  {\"id\": \"a\"},\n  {\"id\": \"gone/1\"}\n]", to: "\(place)/index.json")
        try folder.write(#"{"a": "ws", "lost": "ws"}"#, to: "processes/_id-map.json")
        #expect(
            try await rejections() == [
                "\(place)/index.json:3: the process \"gone/1\" is listed, but its file gone_1.json is missing"
            ])
        let ids = try await store.processes.list().elements.map { $0.fields.metadata["imported"]?["id"]?.stringValue }
        #expect(Set(ids) == ["a", "orphan/1"])
    }

    @Test("all layouts of processes side by side come in, the newest first")
    func sideBySide() async throws {
        let places = [
            "repos/ws/processes/a.json", "repos/_default/processes/pruned/2026-05/b.json", "processes/ws/c.json",
            "processes/d.json",
        ]
        for (place, id) in zip(places, ["a", "b", "c", "d"]) { try folder.write(Self.process(id), to: place) }
        try folder.write(
            "[{\"process\": \(Self.process("e"))}, {\"process\": \(Self.process("d"))}]", to: "processes.json")
        let report = try await runImport(folder.path, into: store)
        #expect(report.imported.processes == 5 && report.unchanged == 1 && report.rejected.isEmpty)
        let layouts = try await store.processes.list().elements.sorted { $0.id < $1.id }.map {
            $0.fields.metadata["imported"]?["layout"]?.stringValue
        }
        #expect(layouts == ["repos", "pruned", "workspace-folders", "files", "array"])
    }

    @Test(
        "a process belongs to the workspace that it names, else to the one whose folder it is in",
        arguments: [
            (#", "metadata": {"workspaceId": "my team"}"#, false, "my team"), ("", true, "my team"),
            (#", "metadata": {"workspaceId": "my/team"}"#, true, "my/team"), ("", false, "my_team"),
        ])
    func workspaces(_ more: String, _ isRegistered: Bool, _ expected: String) async throws {
        let process = #"{"id": "p", "status": "completed", "startTime": "2026-05-01T10:00:00Z"\#(more)}"#
        try folder.write(process, to: "repos/my_team/processes/p.json")
        if isRegistered { try folder.write(#"[{"id": "my team", "rootPath": "/srv"}]"#, to: "workspaces.json") }
        #expect(try await rejections() == [])
        _ = try await Exporter(store).run(.all, as: .processStore, to: folder.path + "/out")
        let written = try JSONValue(parsing: Array(try #require(try contents(of: folder.path)["out/processes.json"])))
        #expect(written[0]?["workspaceId"] == .string(expected))
        #expect(try await runImport(folder.path + "/out", into: store).rejected.isEmpty)
    }

    @Test("a folder's name that two workspaces would have is nobody's")
    func sharedName() async throws {
        try folder.write(Self.process("p"), to: "repos/my_team/processes/p.json")
        try folder.write(
            #"[{"id": "my team", "rootPath": "/a"}, {"id": "my/team", "rootPath": "/b"}]"#, to: "workspaces.json")
        #expect(try await rejections() == [])
        #expect(try await store.processes.get(ProcessID("p")).workspace?.rawValue == "my_team")
    }

    // MARK: waivern

    @Test("two imports at once bring each cached response once, and neither fails", arguments: 0..<20)
    func responsesAtOnce(_ round: Int) async throws {
        try folder.write(
            #"{"run_id": "r", "status": "completed", "started_at": "2026-01-01T10:00:00Z"}"#,
            to: "runs/r/_system/metadata.json")
        for index in 0..<20 {
            let name = Digest(of: Array("\(round) \(index)".utf8)).hexadecimal
            try folder.write(
                #"{"status": "completed", "response": \#(index), "batch_id": null}"#,
                to: "runs/r/llm_cache/\(name).json")
        }
        async let first = runImport(folder.path, into: store)
        async let second = runImport(folder.path, into: store)
        let reports = try await [first, second]
        #expect(reports.map(\.imported.cached).reduce(0, +) == 20)
        #expect(try await store.cache.keys().count == 20)
        #expect(try await store.cache.statistics().entries == 20)
    }

    // MARK: run-history

    @Test("two imports at once bring each run once, and the other finds it unchanged", arguments: 0..<10)
    func runsAtOnce(_ round: Int) async throws {
        let lines = (0..<200).map {
            #"{"run_id": "r\#($0)", "started_at": "2026-01-01T10:00:00Z", "ended_at": "2026-01-01T10:00:01Z", "result": "success"}"#
        }
        try folder.write(lines.joined(separator: "\n"), to: "runs.jsonl")
        async let first = runImport(folder.path, into: store)
        async let second = runImport(folder.path, into: store)
        let reports = try await [first, second]
        #expect(reports.map(\.imported.runs).reduce(0, +) == 200)
        #expect(reports.map(\.unchanged).reduce(0, +) == 200)
        #expect(reports.map(\.rejected.count) == [0, 0])
    }

    // MARK: awf

    @Test("a step may be spelled otherwise than its state, and comes back as it was")
    func mixedSpellings() async throws {
        let states = [
            "a": """
            {"WorkflowID": "a", "Status": "failed", "StartedAt": "2026-02-01T10:00:00Z", "States": {"build":
              {"name": "build", "status": "failed", "error": "no space", "exit_code": 3, "attempt": 2, "output": "o"}}}
            """,
            "b": """
            {"workflow_id": "b", "status": "failed", "started_at": "2026-02-01T10:00:00Z", "Env": {"A": "1"}, "states":
              {"build": {"Name": "build", "Status": "failed", "Error": "no space", "ExitCode": 3, "Attempt": 2, "Output": "o"}}}
            """,
        ]
        for (id, text) in states { try folder.write(text, to: "in/states/\(id).json") }
        #expect(try await runImport(folder.path + "/in", into: store).imported.runs == 2)
        _ = try await Exporter(store).run(.all, as: .awf, to: folder.path + "/out")
        for (id, text) in states {
            let run = try await store.run(id)
            let step = try #require(run.fold.currentInstances.first)
            #expect(step.state == .failed && step.exitCode == 3 && step.tryNumber == 2 && step.error == "no space")
            #expect(run.summary.folded.failureReason == "task build failed: no space")
            #expect(run.summary.folded.retryCount == 1)
            #expect(try await store.xcoms.get(run.fold.id, TaskID("build"), key: "output") == "o")
            let written = try #require(try contents(of: folder.path)["out/states/\(id).json"])
            #expect(try JSONValue(parsing: Array(written)) == JSONValue(parsing: text))
        }
    }

    // MARK: pipeline-core

    @Test("XComs that a task instance holds come in by key, as entries, and as a list of these; the file goes before")
    func ownXComs() async throws {
        let run = """
            {"id": "r", "dagId": "d", "state": "success", "startDate": "2026-01-01T10:00:00.000Z", "taskInstances": [
              {"taskId": "a", "state": "success", "tryNumber": 2, "maxTries": 3, "xcom": {"plain": {"x": 1}, "k":
                {"taskId": "a", "key": "k", "value": 2, "timestamp": "2026-01-01T10:00:01.000Z", "sizeBytes": 1}}},
              {"taskId": "b", "state": "success", "tryNumber": 1, "maxTries": 1, "xcom": [
                {"taskId": "b", "value": "first", "timestamp": "2026-01-01T10:00:02.000Z"},
                {"taskId": "b", "key": "other", "value": null}, {"taskId": "a", "key": "stray", "value": 1}, 5]}]}
            """
        try folder.write(run, to: "in/runs/r.json")
        try folder.write(#"[{"taskId": "b", "value": "newer"}]"#, to: "in/xcom/r.json")
        #expect(try await runImport(folder.path + "/in", into: store).rejected.isEmpty)
        let id = try RunID("r")
        let (a, b) = (try TaskID("a"), try TaskID("b"))
        #expect(try await store.xcoms.get(id, a, key: "plain") == ["x": 1])
        #expect(try await store.xcoms.get(id, a, key: "k") == 2)
        #expect(try await store.xcoms.get(id, b) == "newer")
        #expect(try await store.xcoms.get(id, b, key: "other") == .null)
        let detail = try await store.run("r")
        #expect(detail.xcoms.count == 4 && detail.summary.folded.retryCount == 1)
        #expect(detail.xcoms.first { $0.key == "k" }?.createdAt.description == "2026-01-01T10:00:01.000Z")
        _ = try await Exporter(store).run(.all, as: .pipelineCore, to: folder.path + "/out")
        let files = try contents(of: folder.path)
        #expect(try JSONValue(parsing: Array(try #require(files["out/runs/r.json"]))) == JSONValue(parsing: run))
        #expect(files["out/xcom/r.json"].map { $0.count > 2 } == true)
    }
}
