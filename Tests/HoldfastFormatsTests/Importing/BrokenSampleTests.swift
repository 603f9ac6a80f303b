import Foundation
import Holdfast
import HoldfastFormats
import HoldfastMemory
import Testing

/// Each folder `NN-name` in `Fixtures/broken/FORMAT` stands beside `NN-name.expected`, which holds the report it is to get.
@Suite("Broken records")
struct BrokenSampleTests {
    static let samples = RecordFormat.allCases.flatMap { format in
        Fixtures.folders(in: "broken/\(format.rawValue)").map { "\(format.rawValue)/\($0)" }
    }

    @Test("there are at least 15 of each format", arguments: RecordFormat.allCases)
    func areMany(_ format: RecordFormat) {
        #expect(Self.samples.filter { $0.hasPrefix(format.rawValue + "/") }.count >= 15)
    }

    @Test(
        "What an importer does: imports what is whole, reports each other record with file and line; never writes to the source",
        arguments: samples)
    func report(_ sample: String) async throws {
        let folder = try Fixtures.path("broken/\(sample)")
        let before = try contents(of: folder)
        let store = MemoryStore()
        let report = try await runImport(folder, into: store)
        #expect(report.text(relativeTo: folder) == (try? Fixtures.text("broken/\(sample).expected")))
        #expect(try contents(of: folder) == before)
        #expect(try await store.verify().findings.isEmpty)
    }

    @Test("What an importer does: --dry-run prints what would happen, and writes nothing", arguments: samples)
    func dryRun(_ sample: String) async throws {
        let folder = try Fixtures.path("broken/\(sample)")
        let store = MemoryStore()
        let report = try await runImport(folder, into: store, isDryRun: true)
        #expect(try await store.runs.list().elements.isEmpty)
        let real = try await runImport(folder, into: store)
        #expect(real.text(relativeTo: folder) == report.text(relativeTo: folder))
        #expect(report.aboveLimits == nil && real.aboveLimits?.isNone == true)
    }

    @Test("What an importer does: is idempotent, a second import changes nothing", arguments: samples)
    func again(_ sample: String) async throws {
        let folder = try Fixtures.path("broken/\(sample)")
        let store = MemoryStore()
        let first = try await runImport(folder, into: store)
        let runs = try await store.runs.list().elements
        let second = try await runImport(folder, into: store)
        #expect(second.imported == ImportReport.Counts())
        #expect(second.rejected == first.rejected)
        #expect(
            second.unchanged == first.unchanged + first.imported.runs + first.imported.dags + first.imported.cached
                + first.imported.processes
                + first.imported.workspaces)
        #expect(try await store.runs.list().elements == runs)
    }
}
