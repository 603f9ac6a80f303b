import Foundation
import Holdfast
import HoldfastFiles
import HoldfastFormats
import HoldfastMemory
import HoldfastSQLite
import HoldfastTesting
import Testing

@Suite("Samples of each format")
struct SampleTests {
    private let store = MemoryStore()

    private func importSample(_ format: RecordFormat) async throws -> ImportReport {
        let report = try await runImport(try Fixtures.path("samples/\(format.rawValue)"), into: store)
        #expect(report.format == format && report.rejected.isEmpty, "\(report.rejected)")
        #expect(try await store.verify().findings.isEmpty)
        return report
    }

    private func imported(_ run: String) async throws -> JSONValue {
        try #require(try await store.run(run).summary.metadata["imported"])
    }

    // MARK: pipeline-core

    @Test("pipeline-core: runs, task instances and XComs come in")
    func pipelineCore() async throws {
        let report = try await importSample(.pipelineCore)
        #expect(report.imported.runs == 3 && report.imported.dags == 2)
        let run = try await store.run("etl-1")
        #expect(run.summary.dag.rawValue == "etl" && run.summary.folded.state == .success)
        #expect(run.summary.folded.duration == .milliseconds(90_500))
        #expect(run.summary.logicalDate.description == "2026-01-02T00:00:00.000Z")
        #expect(run.summary.folded.params == ["date": "2026-01-02", "rows": [1, 2.5, .null]])
        #expect(run.fold.currentInstances.map(\.state) == [.success, .skipped])
        #expect(try await store.xcoms.get(run.fold.id, TaskID("extract")) == ["path": "/data/orders.csv"])
        #expect(try await store.xcoms.get(run.fold.id, TaskID("extract"), key: "rows") == 2)
    }

    @Test("What an importer does: keeps unknown fields in metadata, and ids and states without a counterpart")
    func pipelineCoreMetadata() async throws {
        _ = try await importSample(.pipelineCore)
        let first = try await imported("etl-1")
        #expect(first["format"] == "pipeline-core" && first["id"] == "etl-1" && first["state"] == "success")
        #expect(first["fields"]?["owner"] == "data team")
        #expect(first["inside"]?["taskInstances"]?["inside"]?["1"]?["fields"]?["state"] == "removed")
        let runs = try await store.runs.list(SummaryQuery(idPrefix: "run_2-")).elements
        let second = try #require(runs.first)
        #expect(second.visibleState == .interrupted && second.dag.rawValue.hasPrefix("My_report-"))
        #expect(second.metadata["imported"]?["id"] == "run 2" && second.metadata["imported"]?["state"] == "running")
    }

    @Test("pipeline-core: a DAG shows its graph, and says that what its tasks do is unknown")
    func pipelineCoreDAG() async throws {
        _ = try await importSample(.pipelineCore)
        let definition = try await store.dags.definition(of: try DAGID("etl"))
        #expect(definition.tasks.map(\.id.rawValue) == ["extract", "load"])
        #expect(definition.tasks[1].needs.map(\.rawValue) == ["extract"])
    }

    // MARK: awf

    @Test("awf: both spellings, nanoseconds, offsets, unset times and null come in")
    func awf() async throws {
        #expect(try await importSample(.awf).imported.runs == 4)
        let first = try await store.run("7c1e6a52-0000-4000-8000-000000000001")
        #expect(first.summary.dag.rawValue == "deploy" && first.summary.folded.state == .success)
        #expect(first.summary.folded.startedAt?.description == "2026-02-01T09:00:00.000Z")
        #expect(first.summary.folded.endedAt?.description == "2026-02-01T09:00:06.300Z")
        #expect(first.fold.currentInstances.map(\.tryNumber) == [1, 2])
        #expect(
            try await store.xcoms.get(first.fold.id, TaskID("done"), key: "output").stringValue?.count == 20_000)
        let second = try await store.run("7c1e6a52-0000-4000-8000-000000000002")
        #expect(second.summary.visibleState == .interrupted && second.summary.folded.endedAt == nil)
        let third = try await store.run("7c1e6a52-0000-4000-8000-000000000003")
        #expect(third.summary.folded.state == .queued && third.fold.currentInstances.isEmpty)
        let fourth = try await store.run("7c1e6a52-0000-4000-8000-000000000004")
        #expect(fourth.summary.folded.failureReason == "task build failed: exit 2")
        #expect(fourth.fold.currentInstances.first?.exitCode == 2)
    }

    // MARK: run-history

    @Test("run-history: the last line of a run wins, stopped is cancelled, stages have the times of their events")
    func runHistory() async throws {
        let report = try await importSample(.runHistory)
        #expect(report.imported.runs == 4 && report.superseded == 1)
        let first = try await store.run("r1")
        #expect(first.summary.folded.state == .success && first.summary.folded.retryCount == 2)
        // Local time, which is an hour ahead in winter.
        #expect(first.summary.folded.startedAt?.description == "2026-03-01T07:00:00.000Z")
        #expect(first.summary.metadata["branch"] == "main")
        let second = try await store.run("r2")
        #expect(second.fold.currentInstances.map(\.id.task.rawValue) == ["plan", "build"])
        #expect(second.fold.currentInstances.first?.duration == .seconds(19))
        let events: [UInt8] = try await store.artifacts.get(second.fold.id, try ArtifactKey("events.jsonl"))
        #expect(events.split(separator: 0x0A).count == 4)
        #expect(try await store.runs.list(SummaryQuery(idPrefix: "run_3-")).elements.first?.folded.state == .cancelled)
        #expect(try await store.run("r9").summary.visibleState == .interrupted)
    }

    // MARK: process-store

    @Test("process-store: processes and workspaces come in; what was left at work has ended")
    func processStore() async throws {
        let report = try await importSample(.processStore)
        #expect(report.imported.processes == 5 && report.imported.workspaces == 2)
        let first = try await store.processes.get(ProcessID("p1"))
        #expect(first.workspace?.rawValue == "ws-1" && first.status == .completed && first.result == "hi")
        #expect(first.conversationTurns.map(\.role) == ["user", "assistant"])
        #expect(first.metadata["model"] == "m" && first.structuredResult == [1, ["a": .null]])
        let second = try await store.processes.get(ProcessID("p2"))
        #expect(second.status == .failed && second.parent?.rawValue == "p1" && second.type.rawValue == "code-review")
        #expect(
            second.metadata["imported"]?["state"] == "running"
                && second.metadata["imported"]?["fields"]?["mood"] == "good")
        let third = try await store.processes.get(ProcessID("p3"))
        #expect(third.status == .cancelled && third.type == .default)
        let queued = try await store.processes.list(ProcessQuery(statuses: [.queued])).elements
        #expect(queued.count == 1 && queued.first?.fields.metadata["imported"]?["id"] == "queue:1/é")
        #expect(
            try await store.processes.list(ProcessQuery(since: Timestamp("2026-05-02"))).elements.map(\.id.rawValue)
                == ["p5"])
        #expect(try await store.workspaces.get(WorkspaceID("ws-1")).color == "#aabbcc")
    }

    @Test(
        "process-store: all layouts hold the same process",
        arguments: [
            "processes/p.json", "processes/ws-1/p.json", "repos/ws-1/processes/p.json",
            "repos/ws-1/processes/pruned/2026-05/p.json",
        ])
    func layouts(_ path: String) async throws {
        let folder = try TemporaryFolder()
        let process =
            #"{"id": "p", "status": "completed", "startTime": "2026-05-01T10:00:00.000Z", "metadata": {"workspaceId": "ws-1"}}"#
        try folder.write("[{\"workspaceId\": \"ws-1\", \"process\": \(process)}]", to: "first/processes.json")
        try folder.write(process, to: "later/\(path)")
        #expect(try await runImport(folder.path + "/first", into: store).imported.processes == 1)
        let later = try await runImport(folder.path + "/later", into: store)
        #expect(later.unchanged == 1 && later.rejected.isEmpty && later.imported == ImportReport.Counts())
    }

    // MARK: waivern

    @Test("waivern: runs, their states and their artifacts come in; a crashed run is interrupted")
    func waivern() async throws {
        let report = try await importSample(.waivern)
        #expect(report.imported.runs == 2 && report.imported.artifacts == 6 && report.imported.cached == 2)
        let key = CacheKey(prompt: "p", model: "m", responseModel: "r")
        #expect(try await store.cache.get(key)?.value["response"] == ["text": "hi"])
        let first = try await store.run("3f0c1a9e-0000-4000-8000-000000000001")
        #expect(first.summary.dag.rawValue == "gdpr" && first.summary.folded.state == .success)
        #expect(
            first.artifacts.map(\.key.rawValue) == [
                "batch_jobs/b1", "child/findings", "prepared/findings", "source", "system/plan",
            ])
        #expect(first.artifacts[1].schema == "findings@2.1.0" && first.artifacts[3].task?.rawValue == "source")
        let source = try #require(first.fold.instance(InstanceID(try TaskID("source"))))
        #expect(source.duration == .milliseconds(1500))
        let second = try await store.run("3f0c1a9e-0000-4000-8000-000000000002")
        #expect(second.summary.visibleState == .interrupted)
        #expect(second.summary.metadata["imported"]?["state"] == "running")
        #expect(second.summary.folded.taskCounts == [.success: 1, .pending: 1, .waiting: 1])
    }

    // MARK: All

    @Test(
        "the same comes into every store, and is there after it was opened again", arguments: RecordFormat.allCases,
        ["sqlite", "files"])
    func reopened(_ format: RecordFormat, _ kind: String) async throws {
        let folder = try TemporaryFolder()
        func open() async throws -> any Store {
            let path = folder.path + "/store"
            return kind == "files" ? try await FilesStore(path: path) : try await SQLiteStore(path: path)
        }
        let sample = try Fixtures.path("samples/\(format.rawValue)")
        let first = try await open()
        let report = try await runImport(sample, into: first)
        try await first.close()
        let second = try await open()
        let again = try await runImport(sample, into: second)
        #expect(again.imported == ImportReport.Counts() && again.rejected == report.rejected)
        #expect(try await second.verify().findings.isEmpty)
        #expect(try await runImport(sample, into: MemoryStore()) == report)
        try await second.close()
    }
}
