import Foundation
import GRDB
import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastSQLite

@Suite("Opening an SQLite store")
struct OpeningTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func openCode(_ path: String, creates: Bool = true) async -> StoreError.Code? {
        await code { () throws(StoreError) in try await open(path, creates: creates).close() }
    }

    @Test("everything it makes is for its owner alone")
    func permissions() async throws {
        let path = folder.path + "/new/deep/runs.db"
        let store = try await open(path)
        try await store.create("a")
        for suffix in ["", "-wal", "-shm", ".lock"] { #expect(try mode(of: path + suffix) == 0o600, "\(suffix)") }
        for suffix in [".workers", ".blobs"] { #expect(try mode(of: path + suffix) == 0o700, "\(suffix)") }
        #expect(try mode(of: folder.path + "/new") == 0o700)
        try await store.close()
    }

    @Test("a relative path is made absolute, and the backend says where the logs are")
    func backend() async throws {
        let absolute = folder.path + "/runs.db"
        let depth = FileManager.default.currentDirectoryPath.split(separator: "/").count
        let relative = String(repeating: "../", count: depth) + absolute.dropFirst()
        let opened = try await openStore("sqlite:" + relative, backends: [SQLiteStore.backend])
        #expect(opened.url.hasPrefix("sqlite:/") && opened.url.hasSuffix(absolute))
        #expect(opened.logFolder?.hasPrefix("/") == true && opened.logFolder?.hasSuffix(folder.path + "/logs") == true)
        #expect(FileManager.default.fileExists(atPath: absolute))
        try await opened.store.close()
    }

    @Test("what is missing is only made when it may be", arguments: [false, true])
    func missing(isEmptyFile: Bool) async throws {
        if isEmptyFile { try Data().write(to: URL(fileURLWithPath: folder.database)) }
        #expect(await openCode(folder.database, creates: false) == .notFound)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left == (isEmptyFile ? ["holdfast.db"] : []))
        #expect(await openCode(folder.database) == nil)
        #expect(await openCode(folder.database, creates: false) == nil)
    }

    @Test("a file without tables counts as new")
    func withoutTables() async throws {
        let queue = try DatabaseQueue(path: folder.database)
        try await queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL; VACUUM") }
        try queue.close()
        #expect(await openCode(folder.database) == nil)
    }

    @Test("a folder, junk and the database of another program are refused and left as they are")
    func notAStore() async throws {
        #expect(await openCode(folder.path) == .notAStore)
        #expect(await openCode("/dev/null") == .notAStore)
        let junk = Data("name: nightly-etl\ntasks:\n".utf8) + Data(repeating: 0x20, count: 5000)
        try junk.write(to: URL(fileURLWithPath: folder.path + "/pipeline.yaml"))
        #expect(await openCode(folder.path + "/pipeline.yaml") == .notAStore)
        #expect(await openCode(folder.path + "/pipeline.yaml/runs.db") == .notAStore)
        let queue = try DatabaseQueue(path: folder.path + "/other.db")
        try await queue.writeWithoutTransaction { try $0.execute(sql: "CREATE TABLE notes (text TEXT)") }
        try queue.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/other.db"))
        #expect(await openCode(folder.path + "/other.db") == .notAStore)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/other.db")) == before)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(left == ["other.db", "pipeline.yaml"])
    }

    @Test("a damaged file is refused as corrupt, by what was asked of it or by the check")
    func damaged() async throws {
        let store = try await open(folder.database)
        for number in 0..<50 { try await store.create("run-\(number)") }
        try await store.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: folder.database))
        let size = try file.seekToEnd()
        for page in 3..<size / 4096 {
            try file.seek(toOffset: page * 4096)
            try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        }
        try file.close()
        let damage = await code { () throws(StoreError) in
            let store = try await open(folder.database)
            _ = try await store.summaries(SummaryQuery())
        }
        #expect(damage == .corrupt)
        try FileHandle(forUpdating: URL(fileURLWithPath: folder.database)).truncate(atOffset: 4096)
        #expect(await openCode(folder.database) == .corrupt)
    }

    @Test("a folder that can't be written to is unavailable, with advice")
    func readOnlyFolder() async throws {
        await #expect(processExitsWith: .success) {
            let path = NSTemporaryDirectory() + "holdfast-readonly-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            chmod(path, 0o555)
            // Root may write everywhere.
            if geteuid() == 0 { #expect(seteuid(65534) == 0) }
            do throws(StoreError) {
                _ = try await SQLiteStore(path: path + "/runs.db")
                exit(2)
            } catch {
                exit(error.code == .unavailable && error.detail?.contains("check") == true ? EXIT_SUCCESS : 3)
            }
        }
    }

    @Test("a process killed while it makes a store leaves one that can be opened")
    func killedDuringCreation() async throws {
        for delay in stride(from: UInt32(0), to: 12_000, by: 1000) {
            let path = folder.path + "/\(delay).db"
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, delay = delay as UInt32] in
                Thread.detachNewThread {
                    usleep(delay)
                    kill(getpid(), SIGKILL)
                }
                _ = try await SQLiteStore(path: path)
                usleep(1_000_000)
            }
            let store = try await open(path)
            try await store.create("a")
            #expect(try await store.maintain(MaintenanceRequest(check: true)).findings == [])
            try await store.close()
        }
    }
}
