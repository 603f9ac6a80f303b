import Foundation
import Holdfast
import HoldfastEngine
import HoldfastMemory
import Testing

@Suite("The example pipelines")
struct ExamplePipelineTests {
    /// A few stanzas as dpkg writes them; one package is not installed.
    static let database = """
        Package: base-files
        Status: install ok installed
        Priority: required
        Section: admin
        Installed-Size: 300

        Package: libfoo1
        Status: install ok installed
        Priority: optional
        Section: libs
        Installed-Size: 5000
        Depends: base-files (>= 1), libvirtual

        Package: gone
        Status: deinstall ok config-files
        Section: libs
        Installed-Size: 999999

        Package: foo
        Status: install ok installed
        Priority: optional
        Section: contrib/utils
        Installed-Size: 40
        Pre-Depends: base-files
        Depends: libfoo1 | libfoo2

        """

    @Test("packages reads a package database and leaves a report")
    func packages() async throws {
        let folder = try Folder()
        let database = try folder.write("status", Self.database)
        let store = MemoryStore()
        let run = try await folder.run("packages.yaml", params: ["database": .string(database)], store: store)
        #expect(run.state == .success, "\(run.failureReason ?? "")")
        #expect(run.retryCount == 1)

        let reported = try run.artifacts[ArtifactKey("report/report.html")]
        let report = String(decoding: try await store.readBlob(#require(reported).digest), as: UTF8.self)
        #expect(report.contains("<h1>3 packages, 5 MiB</h1>"))
        #expect(report.contains("<tr><td>libs<td>1<td>5000<td>libfoo1"))
        #expect(report.contains("Most needed: base-files. Required: 1."))
        #expect(report.contains("only provided by others: 1."))
        #expect(try folder.names() == ["status"])
    }

    @Test("mend fails; resumed with mended, only what is left runs")
    func mend() async throws {
        let folder = try Folder()
        _ = try folder.write("passwd", "root\ndaemon\n")
        let store = MemoryStore()
        let failed = try await folder.run("mend.yaml", params: ["root": .string(folder.path)], store: store)
        #expect(failed.state == .failed)

        let mended = try await folder.engine(store).resume(failed.id, definition: try example("mended.yaml"))
        #expect(mended.state == .success)
        let tries = mended.instances.map { "\($0.id.task): \($0.tryNumber)" }
        #expect(tries.sorted() == ["collect: 1", "measure: 2", "report: 1"])
    }
}
