import Foundation
import Holdfast
import HoldfastFormats
import HoldfastMemory
import Testing

@Suite("Finding out the format")
struct RecognitionTests {
    private let folder: TemporaryFolder
    private let store = MemoryStore()

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "What an importer does: detects the format from the folder or file",
        arguments: [
            ("pipeline-core/runs/etl-1.json", RecordFormat.pipelineCore), ("pipeline-core/dags.json", .pipelineCore),
            ("process-store/processes.json", .processStore), ("process-store/workspaces.json", .processStore),
            ("awf/states/7c1e6a52-0000-4000-8000-000000000001.json", .awf),
            ("awf/states/7c1e6a52-0000-4000-8000-000000000002.json", .awf), ("run-history/runs.jsonl", .runHistory),
            ("run-history/events/pipeline_r9.jsonl", .runHistory), ("awf/states", .awf),
            ("waivern/runs/3f0c1a9e-0000-4000-8000-000000000001", .waivern),
        ])
    func single(_ path: String, _ format: RecordFormat) async throws {
        let report = try await runImport(try Fixtures.path("samples/" + path), into: store)
        #expect(report.format == format && report.imported != ImportReport.Counts() && report.rejected.isEmpty)
    }

    @Test("nothing of a known format, or of the one that was named, is a failure that says so")
    func nothing() async throws {
        try folder.write("hello", to: "notes.txt")
        for path in [folder.path, folder.path + "/notes.txt", folder.path + "/nowhere"] {
            await #expect(throws: ImportFailure.self) { try await runImport(path, into: store) }
        }
        let sample = try Fixtures.path("samples/awf")
        await #expect(throws: ImportFailure.self) { try await runImport(sample, into: store, format: .waivern) }
    }

    @Test("several formats in one folder are told apart by name")
    func several() async throws {
        try folder.write("null", to: "states/7c1e6a52-0000-4000-8000-000000000009.json")
        try folder.write("", to: "runs.jsonl")
        await #expect(throws: ImportFailure.self) { try await runImport(folder.path, into: store) }
        #expect(try await runImport(folder.path, into: store, format: .awf).imported.runs == 1)
    }
}
