public import Holdfast
import HoldfastLocal

extension FilesStore {
    public func maintain(_ request: MaintenanceRequest) async throws(StoreError) -> MaintenanceReport {
        try checkOpen()
        var report = MaintenanceReport()
        if request.check {
            report = try await blocking.run { [journal, blobs] () throws(StoreError) in
                try DamageSearch(journal: journal, blobs: blobs).run()
            }
        }
        if let age = request.collectBlobsOlderThan {
            let collected = try await blocking.run { () throws(StoreError) in try self.collectBlobs(olderThan: age) }
            report.blobsCollected += collected.blobs
            report.bytesFreed += collected.bytes
        }
        return report
    }

    /// Under the append lock: nobody can begin to use a blob between our looking and our removing.
    private func collectBlobs(olderThan age: Duration) throws(StoreError) -> BlobFolder.Collected {
        try journal.appending(timeout: options.busyTimeout) { () throws(StoreError) in
            let used = try journal.withIndex { index throws(StoreError) in try index.usedBlobs() }
            return try blobs.collect(olderThan: age) { used.contains($0) }
        }
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
