import Foundation
import Holdfast
import HoldfastFormats
import HoldfastMemory
import Testing

@Suite("Folders of a source")
struct SourceFolderTests {
    private static let run = #"{"id": "r", "dagId": "d", "state": "success", "startDate": "2026-01-01T00:00:00Z"}"#
    private static let metadata =
        #"{"run_id": "r", "status": "completed", "started_at": "2026-01-01T00:00:00Z"}"#

    private let folder: TemporaryFolder
    private let store = MemoryStore()

    init() throws { folder = try TemporaryFolder() }

    private func rejections(_ format: RecordFormat? = nil) async throws -> [String] {
        let report = try await runImport(folder.path, into: store, format: format)
        return report.rejected.map { $0.file.replacing(folder.path + "/", with: "") + ": " + $0.reason }
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/\(name)", withDestinationPath: target)
    }

    @Test("a file where a folder should be is reported, and the rest comes in")
    func fileForFolder() async throws {
        try folder.write(Self.run, to: "runs/r.json")
        try folder.write("", to: "xcom")
        #expect(try await rejections() == ["xcom: it is no folder"])
        #expect(try await store.run("r").summary.folded.state == .success)
    }

    @Test("a folder that leads to itself is reported")
    func loop() async throws {
        try folder.write("[]", to: "dags.json")
        try link("runs", to: "runs")
        #expect(try await rejections(.pipelineCore) == ["runs: it can't be read: Too many levels of symbolic links"])
    }

    @Test("folders of records that are symbolic links are reported, not followed")
    func links() async throws {
        try folder.write(Self.metadata, to: "runs/r/_system/metadata.json")
        try link("runs/other", to: "r")
        #expect(try await rejections() == ["runs/other: it is a symbolic link"])
        #expect(try await store.runs.list().elements.count == 1)
    }

    @Test("what belongs to runs that can't be read is not called an orphan")
    func noOrphans() async throws {
        try folder.write("[]", to: "xcom/r.json")
        try link("runs", to: "runs")
        #expect(try await rejections(.pipelineCore) == ["runs: it can't be read: Too many levels of symbolic links"])
    }

    @Test("where nothing is recognised, it is said what could not be read")
    func unrecognised() async throws {
        try link("runs", to: "runs")
        let failure = await #expect(throws: ImportFailure.self) { try await runImport(folder.path, into: store) }
        #expect(failure?.description.contains("runs: it can't be read") == true)
    }
}
