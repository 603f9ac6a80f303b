import Foundation
import Holdfast
import HoldfastFormats
import HoldfastMemory
import Testing

/// Imports of more than one batch.
@Suite("Large imports")
struct LargeImportTests {
    private let folder: TemporaryFolder
    private let store = MemoryStore()

    init() throws { folder = try TemporaryFolder() }

    private func line(_ id: String, _ result: String = "success") -> String {
        #"{"run_id": "\#(id)", "started_at": "2026-03-01T08:00:00Z", "result": "\#(result)"}"# + "\n"
    }

    private func process(_ id: Int, _ status: String = "completed") -> String {
        #"{"process": {"id": "p\#(id)", "status": "\#(status)", "startTime": "2026-03-01T08:00:00Z"}}"#
    }

    @Test("the same id in a later batch: the same content is unchanged, another is rejected")
    func duplicates() async throws {
        let processes = (0..<2500).map { process($0) } + [process(1), process(2, "failed")]
        try folder.write("[" + processes.joined(separator: ",\n") + "]", to: "processes.json")
        let report = try await runImport(folder.path, into: store)
        #expect(report.imported.processes == 2500 && report.unchanged == 1)
        #expect(report.rejected.map(\.reason) == ["process p2 is there already, with other content"])
        #expect(try await store.processes.get(ProcessID("p2")).status == .completed)
        let again = try await runImport(folder.path, into: store)
        #expect(again.imported.processes == 0 && again.unchanged == 2501 && again.rejected == report.rejected)
    }

    @Test("of a run's lines the last whole one wins, wherever and however they are written")
    func lastLine() async throws {
        var lines = line("first", "failed") + #"{"run_id": "first", "started_at": 5, "result": "stopped"}"# + "\n"
        for index in 0..<2500 { lines += line("r\(index)") }
        lines += #"{"run\u005fid": "fir\u0073t", "started_at": "2026-03-01T08:00:00Z", "result": "stopped"}"# + "\n"
        lines += #"{"metadata": {"run_id": "r7"}, "run_id" : "r2500", "started_at": "2026-03-01T08:00:00Z", "#
        lines += #""result": "success"}"# + "\n" + #"{"run_id": "first", "started_at""#
        try folder.write(lines, to: "runs.jsonl")
        let report = try await runImport(folder.path, into: store)
        #expect(report.imported.runs == 2502 && report.superseded == 1 && report.rejected.count == 2)
        #expect(try await store.run("first").summary.folded.state == .cancelled)
        #expect(try await store.run("r7").summary.folded.state == .success)
    }

    @Test("an import prunes nothing and says what is above the limits; the next added run applies them")
    func aboveLimits() async throws {
        try await store.retention.set {
            $0.maxRunsPerDAG = 10
            $0.maxProcesses = 3
        }
        try folder.write((0..<25).map { line("r\($0)") }.joined(), to: "runs.jsonl")
        let report = try await runImport(folder.path, into: store)
        #expect(report.imported.runs == 25 && report.aboveLimits == RetentionExcess(runs: 15))
        #expect(report.outputJSON["above_limits"] == ["runs": 15, "processes": 0])
        #expect(try await store.runs.list().elements.count == 25)
        let added = RunCreated(dag: try DAGID("pipeline"), trigger: "test", logicalDate: Timestamp(milliseconds: 0))
        _ = try await store.runs.create(added, id: RunID("next"))
        #expect(try await store.runs.list().elements.count == 10)
    }

    @Test("what is above a limit of age is told too")
    func aboveAge() async throws {
        try await store.retention.set { $0.maxAge = .seconds(60) }
        try folder.write(line("r1") + line("r2"), to: "runs.jsonl")
        #expect(try await runImport(folder.path, into: store).aboveLimits == RetentionExcess(runs: 2))
        #expect(try await store.runs.list().elements.count == 2)
    }
}
