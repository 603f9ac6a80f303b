import Foundation
import Holdfast
import Testing

@Suite("Runs as files")
struct ReadableFilesTests {
    @Test("what `run` has done stands in files when it returns, and verify brings back what was deleted")
    func shown() async throws {
        let folder = try Folder(.files)
        try await folder.holdfast("init")
        try #require(try await folder.holdfast("run", "pipeline.yaml", "--run-id", "r").status == 0)
        var page = try #require(try JSONValue(parsing: folder.read(".holdfast/runs/r/run.json")).objectValue)
        #expect(
            page.removeValue(forKey: "position")?.intValue != nil && page.removeValue(forKey: "as_of")?.intValue != nil)
        #expect(JSONValue.object(page) == (try await folder.show("r")))
        let events = try await folder.holdfast("events", "r", "--format", "jsonl").lines.count
        #expect(try folder.lines(".holdfast/runs/r/events.jsonl").count == events)
        #expect(try folder.lines(".holdfast/runs.jsonl").count == 1)

        try FileManager.default.removeItem(at: folder.url.appendingPathComponent(".holdfast/runs"))
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent(".holdfast/dags.json"))
        #expect(try await folder.holdfast("verify").status == 0)
        #expect(folder.exists(".holdfast/runs/r/run.json") && folder.exists(".holdfast/dags.json"))

        #expect(try await folder.holdfast("delete", "r").status == 0)
        #expect(!folder.exists(".holdfast/runs/r"))
        #expect(try folder.lines(".holdfast/runs.jsonl").isEmpty)
    }

    @Test("a run that was killed is shown as interrupted, and goes on where its files stand")
    func killed() async throws {
        let folder = try Folder(.files)
        try folder.write(
            """
            name: slow
            tasks:
              first: { run: "echo 1" }
              second: { needs: [first], run: "test -e go || sleep 600" }
            """, to: "pipeline.yaml")
        let command = try folder.start("run", "pipeline.yaml", "--run-id", "r")
        let page = ".holdfast/runs/r/run.json"
        try await eventually("its first task is shown") {
            try folder.exists(page) && folder.read(page).contains(#""success": 1"#)
        }
        command.signal(SIGKILL)
        _ = try await command.result()
        #expect(try await folder.holdfast("verify").status == 0)
        #expect(try JSONValue(parsing: folder.read(page))["state"] == "interrupted")
        try folder.write("", to: "go")
        #expect(try await folder.holdfast("resume", "r").status == 0)
        #expect(try JSONValue(parsing: folder.read(page))["state"] == "success")
        let events = try folder.lines(".holdfast/runs/r/events.jsonl").map { try JSONValue(parsing: $0) }
        #expect(events.map { $0["sequence"]?.intValue } == (1...Int64(events.count)).map { $0 })
        #expect(events.count { $0["type"] == "task_started" && $0["task"] == "first" } == 1)
    }

    @Test("the end of an interrupted write is cut off, and that is said once")
    func tornEnd() async throws {
        let folder = try Folder(.files)
        try await folder.holdfast("init")
        try #require(try await folder.holdfast("run", "pipeline.yaml", "--run-id", "r").status == 0)
        // What tells that all of the journal was on the disk.
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent(".holdfast/tail"))
        let journal = try FileHandle(
            forUpdating: folder.url.appendingPathComponent(".holdfast/journal/00000001.jsonl"))
        try journal.truncate(atOffset: try journal.seekToEnd() - 20)
        try journal.close()
        let first = try await folder.holdfast("runs")
        #expect(first.status == 0 && first.error.contains("never acknowledged; they were cut off"))
        let second = try await folder.holdfast("runs")
        #expect(second.status == 0 && second.error.isEmpty)
    }
}
