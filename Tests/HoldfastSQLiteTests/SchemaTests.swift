import GRDB
import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastSQLite

@Suite("Versions of the format")
struct SchemaTests {
    private var next: Schema {
        var schema = Schema.current
        schema.migrations.append(Array("ALTER TABLE history ADD COLUMN note TEXT;".utf8))
        return schema
    }

    @Test("an older store is migrated and keeps what it has; the older program then refuses it as newer")
    func migration() async throws {
        let folder = try TemporaryFolder()
        let old = try await open(folder.database)
        try await old.create("a")
        try await old.close()

        let new = try await SQLiteStore(path: folder.database, options: StoreOptions(), schema: next)
        #expect(try new.integer("PRAGMA user_version") == next.version)
        #expect(try await new.summary(of: .run(named: "a")).dag.rawValue == "etl")
        try await new.create("b")
        try await new.close()

        #expect(await code { () throws(StoreError) in _ = try await open(folder.database) } == .newerFormat)
    }

    @Test("a migration that fails leaves the older store whole")
    func failedMigration() async throws {
        let folder = try TemporaryFolder()
        try await open(folder.database).close()
        var broken = next
        broken.migrations.append(Array("CREATE TABLE extra (a); INSERT INTO missing VALUES (1);".utf8))
        let failure = await code { () throws(StoreError) in
            _ = try await SQLiteStore(path: folder.database, options: StoreOptions(), schema: broken)
        }
        #expect(failure != nil)
        let store = try await SQLiteStore(path: folder.database, options: StoreOptions(), schema: next)
        #expect(try store.integer("SELECT count(*) FROM sqlite_master WHERE name = 'extra'") == 0)
        #expect(try store.integer("PRAGMA user_version") == next.version)
        try await store.close()
    }

    @Test(
        "every writing connection waits for the disk, as its options say", arguments: StoreOptions.Durability.allCases)
    func durability(_ durability: StoreOptions.Durability) async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.database, options: StoreOptions(durability: durability))
        let expected: Int64 = durability == .full ? 2 : 1
        #expect(try store.integer("PRAGMA synchronous") == expected)
        try await store.create("a")
        _ = try await store.maintain(MaintenanceRequest(check: true, compact: true))
        #expect(try store.integer("PRAGMA synchronous") == expected)
        let mode = try await store.pool.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
        #expect(mode == "wal")
        await #expect(throws: DatabaseError.self, "nobody but the writer may write at all") {
            try await store.pool.read { try $0.execute(sql: "DELETE FROM counter") }
        }
        try await store.close()
    }

    @Test("SQLite does not copy its log by itself")
    func automaticCheckpoints() async throws {
        let folder = try TemporaryFolder()
        let store = try await open(folder.database)
        #expect(try store.integer("PRAGMA wal_autocheckpoint") == 0)
        #expect(try store.integer("PRAGMA auto_vacuum") == 2)
        try await store.close()
    }

    @Test("the views for people show what a run recorded")
    func views() async throws {
        let folder = try TemporaryFolder()
        let store = try await open(folder.database)
        let lease = try await store.createClaimed("a")
        let blob = try await store.writeBlob(ByteStream([1, 2, 3]))
        let instance = InstanceID(TaskID(unchecked: "load"))
        let artifact = ArtifactReference(
            key: ArtifactKey(unchecked: "load/out.csv"), mediaType: "text/csv", digest: blob.digest, size: 3)
        let finished = TaskFinished(
            instance: instance, tryNumber: 1, state: .success, exitCode: 0, xcoms: ["rows.all": 7],
            artifacts: [artifact])
        _ = try await store.commit(
            .appending(
                .taskStarted(TaskStarted(instance: instance, tryNumber: 1, tryToken: "t")), .taskFinished(finished),
                .step("answer", 42), .artifactSaved(artifact), to: lease.history, token: lease.token, at: start))
        func rows(_ sql: String) throws -> [String] {
            try store.pool.read {
                try Row.fetchAll($0, sql: sql).map { $0.databaseValues.map(\.description).joined(separator: "|") }
            }
        }
        #expect(
            try rows("SELECT run_id, dag_id, state, created_at FROM runs") == [
                "\"a\"|\"etl\"|\"queued\"|\"2026-01-01T00:00:00.000Z\""
            ])
        #expect(
            try rows("SELECT task_id, state, try_number FROM tasks ORDER BY task_id") == [
                "\"answer\"|\"success\"|1", "\"load\"|\"success\"|1",
            ])
        #expect(
            try rows("SELECT task_id, key, value FROM xcoms ORDER BY sequence") == [
                "\"load\"|\"rows.all\"|\"7\"", "\"answer\"|\"return_value\"|\"42\"",
            ])
        #expect(
            try rows("SELECT key, size FROM artifacts ORDER BY sequence") == [
                "\"load/out.csv\"|3", "\"load/out.csv\"|3",
            ])
        #expect(try rows("SELECT sequence, type FROM events ORDER BY sequence").count == 6)
        try await store.close()
    }
}
