public import Holdfast
import HoldfastLocal
import Synchronization

extension FilesStore {
    public func maintain(_ request: MaintenanceRequest) async throws(StoreError) -> MaintenanceReport {
        try checkOpen()
        var report = MaintenanceReport()
        if request.check {
            report = try await blocking.run { [journal, blobs] () throws(StoreError) in
                try DamageSearch(journal: journal, blobs: blobs).run()
            }
            if let failure = upkeep.failure {
                report.findings.append(.init(subject: "compaction", problem: failure.description))
            }
            report.findings += await readableFiles?.check() ?? []
        }
        if request.compact {
            report.bytesFreed += try await blocking.run { [upkeep] () throws(StoreError) in try upkeep.compact() }
        }
        if let age = request.collectBlobsOlderThan {
            let collected = try await blocking.run { () throws(StoreError) in try self.collectBlobs(olderThan: age) }
            report.blobsCollected += collected.blobs
            report.bytesFreed += collected.bytes
        }
        return report
    }

    /// Takes over all of the journal, so that the feed begins anew: what tests want.
    package func compactAll() async throws(StoreError) {
        try checkOpen()
        _ = try await blocking.run { [upkeep] () throws(StoreError) in try upkeep.compact(all: true) }
    }

    /// Under the append lock, so that nobody can begin to use a blob between our looking and our removing; part by part, so that
    /// nobody waits for the whole.
    private func collectBlobs(olderThan age: Duration) throws(StoreError) -> BlobFolder.Collected {
        var collected = BlobFolder.Collected()
        var (used, position) = (Set<Digest>(), Int64(-1))
        for subfolder in try blobs.subfolders() {
            collected += try journal.appending(timeout: options.busyTimeout) { () throws(StoreError) in
                try journal.withIndex { index throws(StoreError) in
                    guard index.position != position else { return }
                    (used, position) = (try index.usedBlobs(), index.position)
                }
                return try blobs.collect(in: subfolder, olderThan: age) { used.contains($0) }
            }
        }
        collected.bytes += try blobs.removeLeftovers()
        return collected
    }
}

extension Index {
    /// What histories have named.
    func usedBlobs() throws(StoreError) -> Set<Digest> {
        var used: Set<Digest> = []
        for (id, slot) in slots {
            if let open = entries[Int(slot)].open {
                used.formUnion(open.blobs)
            } else {
                used.formUnion(try BaseHistory(try baseLine(of: slot), id: id).blobs)
            }
        }
        return used
    }
}
