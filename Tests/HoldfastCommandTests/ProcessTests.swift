import Foundation
import Holdfast
import Testing

@Suite("AI processes and workspaces")
struct ProcessTests {
    private func ids(_ folder: Folder, _ filters: String...) async throws -> [String] {
        let page = try await folder.holdfast(all: ["process", "list", "--format", "json"] + filters).json()
        return page["processes"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
    }

    private func show(_ folder: Folder, _ id: String) async throws -> JSONValue {
        let result = try await folder.holdfast("process", "show", id, "--format", "json")
        try #require(result.status == 0, "\(result.error)")
        return try result.json()
    }

    @Test("A process is added, changed, talked with, shown and removed")
    func wholeLife() async throws {
        let folder = try Folder()
        try folder.write("Review this change.\nThoroughly.\n", to: "prompt.md")
        let added = try await folder.holdfast(
            "process", "add", "--id", "p1", "--type", "code-review", "--prompt-file", "prompt.md", "--workspace", "web",
            "--metadata", #"{"model":"x"}"#, "--start-time", "2026-01-01T10:00:00Z")
        #expect(added.status == 0 && added.output == "p1\n", "\(added.error)")
        let before = try await show(folder, "p1")
        #expect(before["status"] == "queued" && before["type"] == "code-review" && before["workspace_id"] == "web")
        #expect(before["prompt_preview"] == "Review this change." && before["metadata"] == ["model": "x"])
        #expect(before["start_time"] == "2026-01-01T10:00:00.000Z" && before["end_time"] == .null)

        try await folder.holdfast("process", "update", "p1", "--status", "running", "--title", "Review")
        #expect(try await ids(folder, "--status", "running") == ["p1"])
        try await folder.holdfast("process", "turns", "p1", "--add", "And the tests?")
        let turned = try await folder.holdfast("process", "turns", "p1", "--add", "Fine.", "--role", "assistant")
        #expect(turned.output == "process p1 has 2 turns\n")
        let ended = try await folder.holdfast(
            "process", "update", "p1", "--status", "completed", "--result", "ok", "--clear", "metadata", "--format",
            "json")
        #expect(try ended.json()["status"] == "completed")
        let after = try await show(folder, "p1")
        #expect(after["result"] == "ok" && after["metadata"] == .null && after["title"] == "Review")
        #expect(after["full_prompt"] == before["full_prompt"] && after["end_time"] != .null)
        let turns = try #require(after["conversation_turns"]?.arrayValue)
        #expect(turns.map { $0["content"] } == ["And the tests?", "Fine."] && turns[1]["role"] == "assistant")

        let text = try await folder.holdfast("process", "show", "p")
        for part in ["Thoroughly.", "assistant", "Fine.", "completed", "Review"] { #expect(text.output.contains(part)) }
        #expect(try await folder.holdfast("verify").status == 0)
        #expect(try await folder.holdfast("process", "remove", "p1").output == "process p1 is removed\n")
        #expect(try await folder.holdfast("process", "show", "p1").status == 2)
    }

    @Test("Processes are listed by every filter, paged, and cleared with the same ones")
    func filters() async throws {
        let folder = try Folder()
        let statuses = ["queued", "running", "completed", "failed", "cancelled", "cancelling"]
        for (index, status) in statuses.enumerated() {
            try await folder.holdfast(
                "process", "add", "--id", "p\(index)", "--status", status, "--type", index < 3 ? "chat" : "review",
                "--workspace", "w\(index % 2)", "--parent", "q\(index % 3)", "--run", "r\(index)", "--start-time",
                "2026-01-0\(index + 1)")
        }
        #expect(try await ids(folder) == ["p5", "p4", "p3", "p2", "p1", "p0"])
        #expect(try await ids(folder, "--status", "failed,running") == ["p3", "p1"])
        #expect(try await ids(folder, "--status", "cancelling") == ["p5"])
        #expect(try await ids(folder, "--status", "failed", "--status", "running,queued") == ["p3", "p1", "p0"])
        #expect(try await ids(folder, "--type", "chat", "--ascending") == ["p0", "p1", "p2"])
        #expect(try await ids(folder, "--workspace", "w1") == ["p5", "p3", "p1"])
        #expect(try await ids(folder, "--parent", "q0", "--workspace", "w0") == ["p0"])
        #expect(try await ids(folder, "--run", "r4") == ["p4"])
        #expect(try await ids(folder, "--since", "2026-01-02", "--until", "2026-01-04") == ["p2", "p1"])
        #expect(try await ids(folder, "--limit", "2", "--offset", "1") == ["p4", "p3"])
        let page = try await folder.holdfast("process", "list", "--limit", "4", "--format", "json").json()
        let cursor = try #require(page["next_cursor"]?.stringValue)
        #expect(page["total"] == 6)
        #expect(try await ids(folder, "--limit", "4", "--cursor", cursor) == ["p1", "p0"])
        let csv = try await folder.holdfast("process", "list", "--format", "csv", "--limit", "1").output
        #expect(csv.hasPrefix("id,type,workspace_id,run_id,parent_process_id,status,start_time"))
        #expect(csv.contains("\r\np5,review,w1,r5,q2,cancelling,2026-01-06T00:00:00.000Z,"))

        let cleared = try await folder.holdfast("process", "clear", "--type", "chat", "--until", "2026-01-03")
        #expect(cleared.output == "removed 2 processes\n")
        #expect(try await ids(folder) == ["p5", "p4", "p3", "p2"])
        let rest = try await folder.holdfast("process", "clear", "--format", "json")
        #expect(try rest.json() == ["removed": 4])
        #expect(try await folder.holdfast("process").output == "no processes\n")
    }

    @Test("An end before the start is refused, and nothing is added or changed")
    func backwards() async throws {
        let folder = try Folder()
        let times = ["--start-time", "2026-01-02T10:00:00Z", "--end-time", "2026-01-02T09:00:00Z"]
        let added = try await folder.holdfast(all: ["process", "add", "--id", "p", "--status", "failed"] + times)
        #expect(added.status == 2, "\(added.error)")
        #expect(
            added.error.contains(
                "its end, 2026-01-02T09:00:00.000Z, is before its start, 2026-01-02T10:00:00.000Z"))
        #expect(try await ids(folder) == [])
        try await folder.holdfast("process", "add", "--id", "p", "--start-time", "2026-01-02T10:00:00Z")
        let updated = try await folder.holdfast("process", "update", "p", "--end-time", "2026-01-02T09:00:00Z")
        #expect(updated.status == 2 && updated.error.contains("is before its start"), "\(updated.error)")
        #expect(try await show(folder, "p")["end_time"] == .null)
    }

    @Test("Turns that many commands add at once are all kept")
    func turnsAtOnce() async throws {
        let folder = try Folder()
        try await folder.holdfast("process", "add", "--id", "p")
        let commands = try (0..<6).map { try folder.start("process", "turns", "p", "--add", "turn \($0)") }
        for command in commands {
            let result = try await command.result()
            #expect(result.status == 0, "\(result.error)")
        }
        let turns = try await show(folder, "p")["conversation_turns"]?.arrayValue ?? []
        #expect(Set(turns.compactMap { $0["content"]?.stringValue }) == Set((0..<6).map { "turn \($0)" }))
        #expect(turns.count == 6)
    }

    @Test("Workspaces are registered, updated, renamed and removed; runs are tagged with them")
    func workspaces() async throws {
        let folder = try Folder()
        try folder.write("name: a\ntasks: { t: { run: echo x } }\n", to: "a.yaml")
        let first = try await folder.holdfast("workspace", "register", "web", "--format", "json").json()
        #expect(first["name"] == "web" && first["root_path"] == .string(folder.path) && first["color"] == .null)
        try await folder.holdfast("workspace", "register", "web", "--color", "blue", "--name", "Web")
        try await folder.holdfast("workspace", "register", "web", "--root-path", "/srv/web")
        try await folder.holdfast("workspace", "rename", "web", "The web")
        let listed = try await folder.holdfast("workspace", "list", "--format", "json").json()
        #expect(
            listed["workspaces"] == [
                ["id": "web", "name": "The web", "root_path": "/srv/web", "color": "blue", "metadata": [:]]
            ])
        try await folder.holdfast("run", "a.yaml", "--run-id", "r1", "--workspace", "web")
        try await folder.holdfast("run", "a.yaml", "--run-id", "r2")
        let runs = try await folder.holdfast("runs", "--workspace", "web", "--format", "json").json()
        #expect(runs["runs"]?.arrayValue?.map { $0["run_id"] } == ["r1"])
        let refused = try await folder.holdfast("workspace", "remove", "web")
        #expect(refused.status == 2 && refused.error.contains("runs with its tag: 1, processes: 0"))
        #expect(try await folder.holdfast("workspace", "remove", "web", "--force").status == 0)
        #expect(try await folder.holdfast("workspace").output == "no workspaces\n")
    }

    @Test(
        "Bad input is refused, each with what would be right",
        arguments: [
            (["process", "show", "nope"], 2, "not found"),
            (["process", "add", "--id", "../x"], 2, "begin with a letter"),
            (["process", "add", "--id", "p"], 2, "exists already"),
            (["process", "add", "--type", "a b"], 2, "process type"),
            (["process", "add", "--workspace", ""], 2, "workspace id"),
            (["process", "add", "--metadata", "[1]"], 2, "metadata is no object"),
            (["process", "add", "--metadata", "{"], 64, "no JSON"),
            (["process", "add", "--prompt-file", "absent"], 2, "check the path"),
            (["process", "add", "--status", "compleated"], 64, "did you mean completed?"),
            (["process", "update", "p"], 64, "name what to change"),
            (["process", "update", "p", "--clear", "titel"], 64, "did you mean title?"),
            (["process", "update", "p", "--status", "cancelling"], 2, "can't be cancelled"),
            (["process", "list", "--limit", "0"], 2, "use 1 to 1000"),
            (["process", "list", "--offset", "10001"], 2, "use 0 to 10000"),
            (["process", "list", "--cursor", "ab"], 2, "cursor"),
            (["process", "list", "--since", "soon"], 64, "no time"),
            (["process", "remove", "q"], 2, "not found"), (["process", "turns", "q", "--add", "x"], 2, "not found"),
            (["process", "lits"], 64, "did you mean list?"), (["workspace", "rename", "w", "n"], 2, "not found"),
            (["workspace", "register", "a/b"], 2, "workspace id"),
            (["workspace", "register", "w", "--name", ""], 2, "its name is empty"),
        ] as [([String], Int32, String)])
    func badInput(_ arguments: [String], _ status: Int32, _ part: String) async throws {
        let folder = try Folder()
        try await folder.holdfast("process", "add", "--id", "p", "--status", "completed")
        let result = try await folder.holdfast(all: arguments)
        #expect(result.status == status && result.error.contains(part), "\(result.status): \(result.error)")
        #expect(try await ids(folder) == ["p"])
    }
}
