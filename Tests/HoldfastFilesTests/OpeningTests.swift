import Foundation
import Holdfast
import HoldfastFiles
import HoldfastTesting
import Testing

@Suite("Opening the files store")
struct OpeningTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: String { folder.path + "/store" }

    private func refuses(_ code: StoreError.Code, _ path: String, creates: Bool = true, saying text: String) async {
        let error = await #expect(throws: StoreError.self) {
            try await FilesStore(path: path, options: StoreOptions(creates: creates))
        }
        #expect(error?.code == code)
        #expect(error.map { "\($0)".contains(text) } == true, "\(String(describing: error))")
    }

    @Test("A and B, Behaviours: by itself it keeps 100 runs of a DAG and 500 processes")
    func defaultLimits() async throws {
        let folder = try TemporaryFolder()
        let store = try await FilesStore(path: folder.path + "/store")
        #expect(store.defaultRetention == RetentionLimits(maxRunsPerDAG: 100, maxProcesses: 500))
        try await store.close()
    }

    @Test("a new folder is made with those above it, for its owner alone")
    func newFolder() async throws {
        let deep = path + "/a/b"
        try await FilesStore(path: deep).close()
        for name in ["", "/journal", "/blobs", "/workers"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: deep + name)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
        }
        for name in ["/FORMAT", "/lock", "/tail", "/journal/00000001.jsonl"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: deep + name)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
        #expect(try String(contentsOfFile: deep + "/FORMAT", encoding: .utf8) == "holdfast files 1\n")
    }

    @Test("where there is none, opening without making one finds nothing and leaves nothing")
    func missing() async throws {
        await refuses(.notFound, path, creates: false, saying: "there is no store")
        #expect(!FileManager.default.fileExists(atPath: path))
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        await refuses(.notFound, path, creates: false, saying: "there is no store")
        #expect(try folder.files(in: "store") == [])
        try await FilesStore(path: path).close()
    }

    @Test("somebody else's folder, and a file, are left alone")
    func foreign() async throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try Data("hello".utf8).write(to: URL(fileURLWithPath: path + "/notes.txt"))
        await refuses(.notAStore, path, saying: "notes.txt")
        #expect(try folder.files(in: "store") == ["notes.txt"])
        await refuses(.notAStore, path + "/notes.txt", saying: "a folder is expected")
        try FileManager.default.removeItem(atPath: path + "/notes.txt")
        try Data("format 7".utf8).write(to: URL(fileURLWithPath: path + "/FORMAT"))
        await refuses(.notAStore, path, saying: "FORMAT")
    }

    @Test("a newer format is refused and named")
    func newerFormat() async throws {
        try await FilesStore(path: path).close()
        try Data("holdfast files 2\n".utf8).write(to: URL(fileURLWithPath: path + "/FORMAT"))
        await refuses(.newerFormat, path, saying: "format 2")
    }

    @Test("tenants of one folder see nothing of each other")
    func tenants() async throws {
        let store = try await FilesStore(path: path)
        let other = try await FilesStore(path: path, options: StoreOptions(tenant: Tenant("team")))
        let id = HistoryID.run(RunID(unchecked: "a"))
        _ = try await store.commit(.creating(id, .sample(at: SystemWallClock().now()), at: SystemWallClock().now()))
        #expect(try await other.summaries(SummaryQuery()).elements.isEmpty)
        #expect(try folder.files(in: "store/tenants") == ["team"])
        try await store.close()
        try await other.close()
    }

    @Test("closing gives back the space that was filled in advance")
    func closing() async throws {
        let store = try await FilesStore(path: path)
        for number in 0..<40 {
            let record = Record(kind: "doc", key: "k\(number)", body: 1)
            _ = try await store.commit(Changeset(records: [.put(record, expectedVersion: nil)]))
        }
        let segment = path + "/journal/00000001.jsonl"
        #expect(try String(contentsOfFile: segment, encoding: .utf8).hasSuffix("\n\n"))
        try await store.close()
        let text = try String(contentsOfFile: segment, encoding: .utf8)
        #expect(text.hasSuffix("}\n"))
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count == 42)
    }
}
