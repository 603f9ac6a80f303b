import Holdfast

/// A process of another system.
struct ImportedProcess: Sendable {
    var place: Place
    var record: ProcessRecord
    var origin: ImportedRun.Origin
}

/// A process that is ready to be created, with what is kept of the original in its metadata.
struct PreparedProcess: Sendable {
    let place: Place
    var record: ProcessRecord
    /// Of the original, by which it is known again.
    let digest: Digest

    init(_ process: ImportedProcess) {
        place = process.place
        record = process.record
        digest = Digest(of: process.origin.record.encoded())
        let written = ProcessStoreRecord.document(of: record)
        let remainder = Remainder.of(process.origin.record, writtenAs: written) ?? [:]
        record.fields.metadata[OriginMetadata.name] = .object(
            OriginMetadata(process.origin, digest: digest, remainder: remainder).members)
    }
}

extension PreparedProcess: PreparedHistory {
    var id: HistoryID { .process(record.id) }

    var counts: ImportReport.Counts {
        var counts = ImportReport.Counts()
        counts.processes = 1
        return counts
    }

    func creation() throws(StoreError) -> Changeset {
        try Changeset.adding(record, origin: .imported, at: record.startTime)
    }

    static let kind = HistoryID.Kind.process
    static func metadata(of summary: Summary) -> [String: JSONValue] { ProcessSummary(summary).fields.metadata }
}
