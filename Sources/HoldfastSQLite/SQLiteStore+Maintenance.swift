public import Holdfast
import HoldfastLocal

extension SQLiteStore {
    public func maintain(_ request: MaintenanceRequest) async throws(StoreError) -> MaintenanceReport {
        var report = MaintenanceReport()
        if request.check { try await check(into: &report) }
        if request.compact {
            report.bytesFreed += try await runBlocking { [writer, options] () throws(StoreError) in
                try Compaction(writer: writer, now: options.clock.now()).run()
            }
        }
        if let age = request.collectBlobsOlderThan {
            let collected = try await runBlocking { () throws(StoreError) in try self.collectBlobs(olderThan: age) }
            report.blobsCollected += collected.blobs
            report.bytesFreed += collected.bytes
        }
        return report
    }

    private func check(into report: inout MaintenanceReport) async throws(StoreError) {
        let found = try await readAtLength { [tenant] connection throws(SQLiteFailure) in
            try DamageSearch(connection: connection, tenant: tenant).run()
        }
        report = found.report
        report.findings += try await runBlocking { [blobs] () throws(StoreError) in
            var findings: [MaintenanceReport.Finding] = []
            for digest in found.blobs {
                do throws(StoreError) {
                    try blobs.verify(digest)
                } catch {
                    findings.append(.init(subject: error.subject, problem: error.detail ?? error.description))
                }
            }
            return findings
        }
    }

    /// Under the write lock, so that nobody can begin to use a blob between our looking and our removing; part by part, so that
    /// nobody waits for the whole.
    private func collectBlobs(olderThan age: Duration) throws(StoreError) -> BlobFolder.Collected {
        var collected = BlobFolder.Collected()
        for subfolder in try blobs.subfolders() {
            collected += try writer.withWork { [blobs] work throws(StoreError) in
                try blobs.collect(in: subfolder, olderThan: age) { digest throws(StoreError) in
                    try isUsed(digest, work.connection)
                }
            }
        }
        collected.bytes += try blobs.removeLeftovers()
        return collected
    }

    private func isUsed(_ digest: Digest, _ connection: WriteConnection) throws(StoreError) -> Bool {
        do throws(SQLiteFailure) {
            return try connection.integer(
                """
                SELECT 1 FROM blob_use JOIN history ON history.key = blob_use.history
                WHERE digest = ?1 AND tenant = ?2
                """, digest, tenant) != nil
        } catch {
            throw error.storeError(writer.path)
        }
    }
}

/// Gives back what is no longer needed, in transactions short enough not to keep other writers waiting.
struct Compaction {
    let writer: Writer
    let now: Timestamp

    /// How long a deletion is told to those who follow the feed.
    private static let tombstonesKept = Duration.seconds(30 * 24 * 3600)
    private static let pagesAtATime = 2000

    /// - Returns: the bytes by which the database file became smaller.
    func run() throws(StoreError) -> Int64 {
        let before = try inTransaction { work throws(SQLiteFailure) in
            try removeOutdated(work.connection)
            return try size(work.connection)
        }
        while try inTransaction({ work throws(SQLiteFailure) in try vacuum(work.connection) }) {}
        return try writer.withWork { work throws(StoreError) in
            try writer.truncateLog(&work)
            do throws(SQLiteFailure) {
                return max(0, before - (try size(work.connection)))
            } catch {
                throw error.storeError(writer.path)
            }
        }
    }

    private func inTransaction<Value>(
        _ body: (Writer.Work) throws(SQLiteFailure) -> Value
    ) throws(StoreError) -> Value {
        try writer.withWork { work throws(StoreError) in
            let unchanged = work
            defer { work.committer.forget() }
            return try writer.transact(&work) { () throws(SQLiteFailure) in try body(unchanged) }
        }
    }

    private func size(_ connection: WriteConnection) throws(SQLiteFailure) -> Int64 {
        let pages = try connection.integer("PRAGMA page_count") ?? 0
        return pages * (try connection.integer("PRAGMA page_size") ?? 0)
    }

    private func removeOutdated(_ connection: WriteConnection) throws(SQLiteFailure) {
        try connection.run("DELETE FROM record WHERE expires_at <= ?1", now)
        try connection.run("DELETE FROM remembered WHERE expires_at <= ?1", now)
        let oldest = now + (.zero - Self.tombstonesKept)
        let last = try connection.integer("SELECT max(position) FROM tombstone WHERE time < ?1", oldest)
        guard let last else { return }
        try connection.run("UPDATE counter SET value = max(value, ?1) WHERE name = 'trimmed'", last)
        try connection.run("DELETE FROM tombstone WHERE position <= ?1", last)
    }

    /// Whether there is more to do.
    private func vacuum(_ connection: WriteConnection) throws(SQLiteFailure) -> Bool {
        guard let free = try connection.integer("PRAGMA freelist_count"), free > 0 else { return false }
        try connection.run("PRAGMA incremental_vacuum(2000)")
        return free > Self.pagesAtATime
    }
}
