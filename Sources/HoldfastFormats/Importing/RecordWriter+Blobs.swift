import Holdfast

extension RecordWriter {
    /// Makes records ready while earlier ones may still be on their way into the store: all that takes long and is no harm if
    /// they are not written after all.
    func prepare(_ records: [ImportedRecord]) async throws(StoreError) -> PreparedBatch {
        var batch = PreparedBatch(records)
        if !isDryRun { try await writeBlobs(of: &batch.runs) }
        return batch
    }

    /// As many as a store brings to the disk together. Of small artifacts 16 at once made 10,500 records/s, 64 11,300, 128 12,300,
    /// 256 no more.
    private static var blobsAtOnce: Int { 128 }

    /// Of all runs together, so that it is bounded how many are at work at once; their bytes are in memory as long as the batch
    /// is. Not of those that are there already: importing again writes nothing.
    private func writeBlobs(of runs: inout [PreparedRun]) async throws(StoreError) {
        let withFiles = runs.indices.filter { !runs[$0].run.files.isEmpty }
        guard !withFiles.isEmpty else { return }
        let known = try await digests(of: withFiles.map { runs[$0] })
        for index in withFiles { runs[index].found = known[runs[index].run.id.rawValue] }
        let files = withFiles.filter { runs[$0].found == nil }.flatMap { runs[$0].run.files }
        _ = try await files.concurrently(atMost: Self.blobsAtOnce) { file throws(StoreError) in
            try await store.writeBlob(ByteStream(file.bytes))
        }
    }
}
