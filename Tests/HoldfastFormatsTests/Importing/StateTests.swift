import Foundation
import Holdfast
import HoldfastFormats
import HoldfastMemory
import Testing

/// Every state that the formats have, and what it is here.
@Suite("What an importer does: maps states to ours and keeps the original in metadata")
struct StateTests {
    private static let time = "2026-01-01T10:00:00.000Z"

    private let folder: TemporaryFolder
    private let store = MemoryStore()

    init() throws { folder = try TemporaryFolder() }

    private func write(_ json: JSONValue, to name: String) throws { try folder.write(json.compactText, to: name) }

    private func importAll() async throws {
        let report = try await runImport(folder.path, into: store)
        #expect(report.rejected.isEmpty, "\(report.rejected)")
        #expect(try await store.verify().findings.isEmpty)
    }

    private func expect(_ run: String, is state: RunState, from original: String) async throws {
        let summary = try await store.run(run).summary
        #expect(summary.visibleState == state && summary.metadata["imported"]?["state"] == .string(original))
    }

    private func task(_ run: String) async throws -> TaskInstance {
        try #require(try await store.run(run).fold.currentInstances.first)
    }

    @Test(
        "A: queued running success failed cancelled upstream_failed skipped up_for_retry removed, of runs and task instances",
        arguments: [
            ("queued", RunState.queued, TaskState.pending), ("running", .interrupted, .running),
            ("success", .success, .success), ("failed", .failed, .failed), ("cancelled", .cancelled, .cancelled),
            ("upstream_failed", .failed, .upstreamFailed), ("skipped", .cancelled, .skipped),
            ("up_for_retry", .interrupted, .upForRetry), ("removed", .cancelled, .skipped),
        ])
    func pipelineCore(_ name: String, _ run: RunState, _ task: TaskState) async throws {
        let instance: JSONValue = ["taskId": "t", "state": .string(name), "tryNumber": 1, "maxTries": 3]
        let members: [String: JSONValue] = ["dagId": "d", "startDate": .string(Self.time)]
        let own: [String: JSONValue] = ["id": "r", "state": .string(name)]
        try write(.object(members.merging(own) { $1 }), to: "runs/r.json")
        let other: [String: JSONValue] = ["id": "t", "state": "success", "taskInstances": [instance]]
        try write(.object(members.merging(other) { $1 }), to: "runs/t.json")
        try await importAll()
        try await expect("r", is: run, from: name)
        let found = try await self.task("t")
        #expect(found.state == task && found.tryNumber == 1 && found.maxTries == 3)
    }

    @Test(
        "B: queued running cancelling completed failed cancelled; what was left at work has ended",
        arguments: [
            ("queued", ProcessStatus.queued), ("running", .failed), ("cancelling", .cancelled),
            ("completed", .completed), ("failed", .failed), ("cancelled", .cancelled),
        ])
    func processStore(_ name: String, _ status: ProcessStatus) async throws {
        let process: JSONValue = ["id": "p", "status": .string(name), "startTime": .string(Self.time)]
        try write([["workspaceId": "ws", "process": process]], to: "processes.json")
        try await importAll()
        let found = try await store.processes.get(ProcessID("p"))
        #expect(found.status == status && found.type.rawValue == "clarification")
        #expect(found.metadata["imported"]?["state"] == .string(name))
    }

    @Test(
        "C: running completed failed interrupted",
        arguments: [
            ("running", RunState.interrupted), ("completed", .success), ("failed", .failed),
            ("interrupted", .interrupted),
        ])
    func waivern(_ name: String, _ state: RunState) async throws {
        try write(
            ["run_id": "r", "status": .string(name), "started_at": "2026-01-01T10:00:00+00:00"],
            to: "runs/r/_system/metadata.json")
        try await importAll()
        try await expect("r", is: state, from: name)
    }

    @Test("C: completed not_started pending failed skipped")
    func waivernLists() async throws {
        try write(
            ["run_id": "r", "status": "failed", "started_at": .string(Self.time)], to: "runs/r/_system/metadata.json")
        try write(
            [
                "run_id": "r", "completed": ["a"], "not_started": ["b"], "pending": ["c"], "failed": ["d"],
                "skipped": ["e"], "last_checkpoint": .string(Self.time),
            ], to: "runs/r/_system/state.json")
        try await importAll()
        let states = try await store.run("r").fold.currentInstances.map(\.state)
        #expect(states == [.success, .pending, .waiting, .failed, .skipped])
    }

    @Test(
        "D: pending running completed failed cancelled, of workflows and steps, in both spellings",
        arguments: [
            ("pending", RunState.queued, TaskState.pending), ("running", .interrupted, .running),
            ("completed", .success, .success), ("failed", .failed, .failed), ("cancelled", .cancelled, .cancelled),
        ])
    func awf(_ name: String, _ run: RunState, _ step: TaskState) async throws {
        let status = JSONValue.string(name)
        let time = JSONValue.string(Self.time)
        try write(["WorkflowID": "r", "Status": status, "StartedAt": time], to: "states/r.json")
        try write(["workflow_id": "s", "status": status, "started_at": time], to: "states/s.json")
        try write(
            [
                "WorkflowID": "t", "Status": "completed", "StartedAt": time,
                "States": ["one": ["Name": "one", "Status": status]],
            ], to: "states/t.json")
        try write(
            [
                "workflow_id": "u", "status": "completed", "started_at": time,
                "states": ["one": ["name": "one", "status": status]],
            ], to: "states/u.json")
        try await importAll()
        for id in ["r", "s"] { try await expect(id, is: run, from: name) }
        for id in ["t", "u"] { #expect(try await task(id).state == step) }
    }

    @Test(
        "E: success failed stopped",
        arguments: [("success", RunState.success), ("failed", .failed), ("stopped", .cancelled)])
    func runHistory(_ name: String, _ state: RunState) async throws {
        try write(["run_id": "r", "result": .string(name), "started_at": .string(Self.time)], to: "runs.jsonl")
        try await importAll()
        try await expect("r", is: state, from: name)
    }
}
