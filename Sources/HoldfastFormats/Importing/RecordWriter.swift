import Holdfast
import Synchronization

/// Brings batches of foreign records into a store, and says what became of each.
struct RecordWriter: Sendable {
    struct Outcome: Sendable {
        var imported = ImportReport.Counts()
        var unchanged = 0
        var rejected: [ImportReport.Rejection] = []

        mutating func add(_ part: Outcome) {
            imported.add(part.imported)
            unchanged += part.unchanged
            rejected += part.rejected
        }

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
        let parts = Part.of(batch)
        // A lone one without a change of tasks: each is a wait for a thread while others read and make ready.
        let outcomes =
            parts.count == 1
            ? [try await write(parts[0])]
            : try await parts.concurrently { part throws(StoreError) in try await write(part) }
        for part in outcomes { outcome.add(part) }
        return outcome
    }

    /// What has nothing to do with each other, so that one part is computed while another waits for the disk.
    private enum Part: Sendable {
        case responses([ImportedResponse])
        case runs([PreparedRun])
        case processes([PreparedProcess])

        static func of(_ batch: PreparedBatch) -> [Part] {
            var parts: [Part] = []
            if !batch.responses.isEmpty { parts.append(.responses(batch.responses)) }
            if !batch.runs.isEmpty { parts.append(.runs(batch.runs)) }
            if !batch.processes.isEmpty { parts.append(.processes(batch.processes)) }
            return parts
        }
    }

    private func write(_ part: Part) async throws(StoreError) -> Outcome {
        switch part {
        case .responses(let responses): try await write(responses)
        case .runs(let runs): try await write(runs)
        case .processes(let processes): try await write(processes)
        }
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
