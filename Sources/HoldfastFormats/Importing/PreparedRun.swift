import Holdfast

/// A foreign run, folded: what its creation writes.
struct PreparedRun: Sendable {
    var run: ImportedRun
    var summary: Summary
    /// Of the original, by which it is known again.
    let digest: Digest
    /// The digest of what was under its id when it was made ready; its blobs were not written then.
    var found: String?

    /// - Throws: `illegalTransition` and the like when the record contradicts itself.
    init(_ run: ImportedRun) throws(StoreError) {
        self.run = run
        digest = Digest(of: run.origin.record.encoded())
        self.run.snapshot.artifacts = run.files.map(\.reference)
        let fold = try RunFold(
            id: run.id,
            events: [
                Event(sequence: 1, time: run.createdAt, token: nil, payload: .restored(self.run.snapshot))
            ])
        summary = fold.initialSummary
        let written = ForeignRun(fold, xcoms: run.snapshot.xcoms).document(run.origin.format, run.origin.layout)
        var origin = OriginMetadata(
            run.origin, digest: digest, remainder: Remainder.of(run.origin.record, writtenAs: written) ?? [:])
        if let bytes = origin.spill() {
            let file = ImportedFile(OriginMetadata.artifactKey, bytes, mediaType: "application/json")
            self.run.files.append(file)
            self.run.snapshot.artifacts.append(file.reference)
        }
        self.run.snapshot.created.metadata[OriginMetadata.name] = .object(origin.members)
        summary.metadata[OriginMetadata.name] = .object(origin.members)
    }
}

extension PreparedRun: PreparedHistory {
    var id: HistoryID { .run(run.id) }
    var place: Place { run.place }

    var counts: ImportReport.Counts {
        var counts = ImportReport.Counts()
        counts.runs = 1
        counts.artifacts = run.files.count
        return counts
    }

    func creation() -> Changeset {
        Changeset(
            appends: [Changeset.Append(id, events: [NewEvent(at: run.createdAt, .restored(run.snapshot))])],
            summaries: [.create(summary)])
    }

    static let kind = HistoryID.Kind.run
    static func metadata(of summary: Summary) -> [String: JSONValue] { summary.metadata }
}
