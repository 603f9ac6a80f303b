import Foundation
import Holdfast
import Testing

@Suite("What programs read")
struct JSONTests {
    private static let runKeys: Set<String> = [
        "run_id", "dag_id", "dag_version", "workspace_id", "state", "trigger", "logical_date", "params", "labels",
        "created_at", "updated_at", "started_at", "ended_at", "duration_seconds", "failure_reason", "task_counts",
        "resume_count", "retry_count", "parent_run_id", "metadata",
    ]
    private static let detailKeys: Set<String> = [
        "current_tasks", "tasks_executed", "tasks_failed", "tasks", "xcoms", "artifacts", "plan",
    ]
    private static let taskKeys: Set<String> = [
        "task_id", "map_index", "state", "try_number", "max_tries", "exit_code", "started_at", "ended_at",
        "duration_seconds", "error",
    ]

    @Test(
        "run --format json gives the id on standard error and the run's JSON on standard output",
        arguments: StoreKind.tested)
    func run(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try await folder.holdfast("init")
        let result = try await folder.holdfast("run", "pipeline.yaml", "--format", "json", "--run-id", "r")
        #expect(result.error.hasPrefix("r\n"))
        let json = try result.json()
        #expect(Set(try #require(json.objectValue).keys) == Self.runKeys.union(Self.detailKeys))
        #expect(json["state"] == "success" && json["run_id"] == "r" && json["params"] == ["name": "world"])
        #expect(json["task_counts"] == ["success": 6])
        let time = try #require(json["created_at"]?.stringValue)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    }

    @Test("show has tasks, XComs and artifacts with their fields", arguments: StoreKind.tested)
    func show(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try await folder.holdfast("init")
        try await folder.holdfast("run", "pipeline.yaml", "--run-id", "r")
        let json = try await folder.show("r")
        let tasks = try #require(json["tasks"]?.arrayValue)
        #expect(tasks.allSatisfy { Set($0.objectValue?.keys.map { $0 } ?? []) == Self.taskKeys })
        #expect(tasks.filter { $0["task_id"] == "colours" }.map { $0["map_index"] } == [0, 1, 2])
        #expect(tasks.first?["map_index"]?.isNull == true && tasks.first?["exit_code"] == 0)
        #expect(
            Set(try #require(json["xcoms"]?[0]?.objectValue).keys) == [
                "task_id", "map_index", "key", "value", "created_at", "size",
            ])
        #expect(Set(try #require(json["artifacts"]?[0]?.objectValue).keys) == ["key", "size", "digest", "media_type"])
    }

    @Test("runs pages by cursor, as JSON and as lines", arguments: StoreKind.tested)
    func runs(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write("name: a\ntasks: { t: { command: ['true'] } }\n", to: "a.yaml")
        for id in ["r1", "r2", "r3"] { try await folder.holdfast("run", "a.yaml", "--run-id", id) }
        let first = try await folder.holdfast("runs", "--limit", "2", "--format", "json").json()
        #expect(Set(try #require(first.objectValue).keys) == ["runs", "next_cursor", "total"])
        #expect(first["runs"]?.arrayValue?.map { $0["run_id"] } == ["r3", "r2"])
        #expect(first["total"] == 3)
        #expect(Set(try #require(first["runs"]?[0]?.objectValue).keys) == Self.runKeys)
        let cursor = try #require(first["next_cursor"]?.stringValue)
        let next = try await folder.holdfast("runs", "--limit", "2", "--format", "json", "--cursor", cursor).json()
        #expect(next["runs"]?.arrayValue?.map { $0["run_id"] } == ["r1"] && next["next_cursor"]?.isNull == true)
        let lines = try await folder.holdfast("runs", "--format", "jsonl").lines
        #expect(try lines.map { try JSONValue(parsing: $0)["run_id"] } == ["r3", "r2", "r1"])
        let other = try await folder.holdfast("runs", "--limit", "2", "--state", "failed", "--cursor", cursor)
        #expect(other.status == 2 && other.error.contains("another query"))
    }

    @Test(
        "events are numbered from 1 without a gap, and following those of a run that has ended ends",
        arguments: StoreKind.tested)
    func events(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write("name: a\ntasks: { t: { command: ['true'] } }\n", to: "a.yaml")
        try await folder.holdfast("run", "a.yaml", "--run-id", "r")
        let json = try await folder.holdfast("events", "r", "--format", "json").json()
        let sequences = json["events"]?.arrayValue?.compactMap { $0["sequence"]?.intValue } ?? []
        #expect(sequences == (1...Int64(sequences.count)).map { $0 } && sequences.count > 3)
        let followed = try await folder.holdfast("events", "r", "--follow", "--format", "jsonl")
        #expect(followed.lines.count == sequences.count)
    }
}
