import Foundation
import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastSQLite

@Suite("Upkeep of an SQLite store")
struct UpkeepTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func size(_ suffix: String = "") throws -> Int {
        try FileManager.default.attributesOfItem(atPath: folder.database + suffix)[.size] as? Int ?? -1
    }

    private func fill(_ store: SQLiteStore, runs: Int = 20) async throws -> [Lease] {
        var leases: [Lease] = []
        for run in 0..<runs {
            let lease = try await store.createClaimed("run-\(run)")
            let value = JSONValue.string(String(repeating: "x", count: 30_000))
            _ = try await store.commit(
                .appending(.step("s", value), .step("t", value), to: lease.history, token: lease.token, at: start))
            leases.append(lease)
        }
        return leases
    }

    @Test("compacting gives the space of deleted runs back, the log's too")
    func compaction() async throws {
        let store = try await open(folder.database)
        let leases = try await fill(store)
        _ = try await store.maintain(MaintenanceRequest(compact: true))
        let full = try size()
        for lease in leases {
            _ = try await store.commit(Changeset(deletions: [.init(lease.history, token: lease.token)]))
        }
        let report = try await store.maintain(MaintenanceRequest(check: true, compact: true))
        #expect(report.findings == [])
        #expect(report.bytesFreed > Int64(full / 2))
        #expect(try size() < full / 2)
        #expect(try size("-wal") == 0)
        try await store.close()
    }

    @Test("the log is copied while it grows and gone after closing")
    func checkpoints() async throws {
        let store = try await open(folder.database)
        let value = JSONValue.string(String(repeating: "x", count: 60_000))
        let lease = try await store.createClaimed("a")
        for number in 0..<400 {
            _ = try await store.commit(
                .appending(.step("s-\(number)", value), to: lease.history, token: lease.token, at: start))
        }
        #expect(try size("-wal") < 3 * Writer.checkpointEvery * 4096)
        #expect(try size() > 400 * 40_000)
        try await store.close()
        #expect(!FileManager.default.fileExists(atPath: folder.database + "-wal"))
    }

    @Test("positions of removed tombstones are answered as trimmed, and none is given out again")
    func trimming() async throws {
        let clock = ManualClock(at: start)
        let store = try await SQLiteStore(path: folder.database, options: StoreOptions(clock: clock))
        let lease = try await store.createClaimed("a")
        let deleted = try await store.commit(Changeset(deletions: [.init(lease.history, token: lease.token)]))
        let last = try #require(deleted.position)
        clock.advance(by: .seconds(31 * 24 * 3600))
        _ = try await store.maintain(MaintenanceRequest(compact: true))
        let early = FeedQuery(.after(FeedPosition(rawValue: last.rawValue - 1)))
        #expect(await code { () throws(StoreError) in _ = try await store.feed(early) } == .trimmed)
        #expect(try await store.feed(FeedQuery(.beginning)) == FeedPage([], next: last))
        try await store.create("b")
        #expect(try await store.feed(FeedQuery(.after(last))).entries.map(\.position.rawValue) == [last.rawValue + 1])
        try await store.close()
    }

    @Test(
        "the check finds what contradicts itself",
        arguments: [
            ("UPDATE tally SET count = count + 1", "counted"), ("DELETE FROM event WHERE sequence = 2", "gaps"),
            ("UPDATE history SET as_of = 99", "as of event 99"), ("UPDATE counter SET value = 0", "token"),
            ("DELETE FROM tenant", "missing"), ("DELETE FROM event", "no events"),
            ("UPDATE history SET worker = 99, holder = 99", "missing"),
        ])
    func findings(_ damage: String, _ problem: String) async throws {
        let store = try await open(folder.database)
        _ = try await fill(store, runs: 2)
        #expect(try await store.maintain(MaintenanceRequest(check: true)).findings == [])
        try store.execute(damage)
        let findings = try await store.maintain(MaintenanceRequest(check: true)).findings
        #expect(findings.contains { $0.problem.contains(problem) }, "\(findings)")
        try await store.close()
    }

    @Test("the check reads every blob that is used")
    func blobFindings() async throws {
        let store = try await open(folder.database)
        let blob = try await store.writeBlob(ByteStream(Array("hello".utf8)))
        let lease = try await store.createClaimed("a")
        let artifact = ArtifactReference(
            key: ArtifactKey(unchecked: "out"), mediaType: "text/plain", digest: blob.digest, size: blob.size)
        _ = try await store.commit(
            .appending(.artifactSaved(artifact), to: lease.history, token: lease.token, at: start))
        #expect(try await store.maintain(MaintenanceRequest(check: true)).checked["blobs"] == 1)
        let digits = blob.digest.hexadecimal
        let file = URL(
            fileURLWithPath: folder.database + ".blobs/default/\(digits.prefix(2))/\(digits.dropFirst(2))")
        try Data("hullo".utf8).write(to: file)
        #expect(try await store.maintain(MaintenanceRequest(check: true)).findings.map(\.subject) == ["blob \(digits)"])
        try FileManager.default.removeItem(at: file)
        #expect(try await store.maintain(MaintenanceRequest(check: true)).findings.map(\.subject) == ["blob \(digits)"])
        try await store.close()
    }
}
