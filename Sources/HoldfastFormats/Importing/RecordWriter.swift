import Holdfast
import Synchronization

/// Brings batches of foreign records into a store, and says what became of each.
struct RecordWriter: Sendable {
    struct Outcome: Sendable {
        var imported = ImportReport.Counts()
        var unchanged = 0
        var rejected: [ImportReport.Rejection] = []

        mutating func reject(_ place: Place, _ reason: String) {
            rejected.append(ImportReport.Rejection(place, reason))
        }
    }

    let store: any Store
    let isDryRun: Bool
    /// What a dry run has seen, as there is no store that knows it.
    let seen = SeenRecords()

    func write(_ batch: PreparedBatch) async throws(StoreError) -> Outcome {
        var outcome = Outcome(rejected: batch.rejected)
        for dag in batch.dags { try await write(dag, &outcome) }
        for workspace in batch.workspaces { try await write(workspace, &outcome) }
        try await write(batch.responses, &outcome)
        if !batch.runs.isEmpty { try await write(batch.runs, &outcome) }
        if !batch.processes.isEmpty { try await write(batch.processes, &outcome) }
        return outcome
    }

    // MARK: Deciding

    enum Verdict { case new, unchanged, different }

    /// What to do about a record whose content has this digest.
    /// - Parameter known: the digest under its id; an empty text for something that was not imported, nil for nothing.
    static func verdict(_ digest: Digest, known: String?) -> Verdict {
        guard let known else { return .new }
        return known == digest.hexadecimal ? .unchanged : .different
    }
}

/// The digests of records by id.
final class SeenRecords: Sendable {
    private let digests = Mutex<[String: String]>([:])

    subscript(_ id: String) -> String? { digests.withLock { $0[id] } }

    func insert(_ id: String, _ digest: Digest) { digests.withLock { $0[id] = digest.hexadecimal } }
}
