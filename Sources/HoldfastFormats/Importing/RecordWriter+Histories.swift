import Holdfast

/// A run or a process of another system that is ready to be created.
protocol PreparedHistory: Sendable {
    var id: HistoryID { get }
    var place: Place { get }
    /// Of the original, by which it is known again.
    var digest: Digest { get }
    /// The digest of what was under its id when it was made ready, if that was looked up.
    var found: String? { get }
    /// What it counts as.
    var counts: ImportReport.Counts { get }
    /// - Throws: when the record contradicts itself.
    func creation() throws(StoreError) -> Changeset
    static var kind: HistoryID.Kind { get }
    /// Where what is kept of the original is found again.
    static func metadata(of summary: Summary) -> [String: JSONValue]
}

extension PreparedHistory {
    var found: String? { nil }
}

extension RecordWriter {
    /// When somebody else makes one of them meanwhile, all are compared again; more often than this in a row is an error.
    private static var attempts: Int { 16 }

    /// Creates all that are new in one commit, or each by itself where one of them is too large.
    func write<History: PreparedHistory>(_ histories: [History]) async throws(StoreError) -> Outcome {
        guard !histories.isEmpty else { return Outcome() }
        var attempt = 1
        while true {
            var (new, outcome) = try await compare(histories)
            do throws(StoreError) {
                if isDryRun { note(new) } else { try await commit(new) }
                for history in new { outcome.imported.add(history.counts) }
                return outcome
            } catch {
                switch error.code {
                case .alreadyExists where attempt < Self.attempts: attempt += 1
                case .tooLarge where histories.count > 1: return try await writeEach(histories)
                case .tooLarge:
                    outcome.reject(histories[0].place, error.detail ?? "it is too large")
                    return outcome
                default: throw error
                }
            }
        }
    }

    private func writeEach(_ histories: [some PreparedHistory]) async throws(StoreError) -> Outcome {
        var outcome = Outcome()
        for history in histories { outcome.add(try await write([history])) }
        return outcome
    }

    /// With what is there, and with each other.
    private func compare<History: PreparedHistory>(
        _ histories: [History]
    ) async throws(StoreError) -> (new: [History], outcome: Outcome) {
        var known = try await digests(of: histories)
        var (new, outcome): ([History], Outcome) = ([], Outcome())
        for history in histories {
            switch Self.verdict(history.digest, known: known[history.id.id] ?? history.found) {
            case .unchanged: outcome.unchanged += 1
            case .different: outcome.reject(history.place, "\(history.id) is there already, with other content")
            case .new:
                known[history.id.id] = history.digest.hexadecimal
                new.append(history)
            }
        }
        return (new, outcome)
    }

    /// Under which digest each of these is there; an empty text for what was not imported.
    func digests<History: PreparedHistory>(of histories: [History]) async throws(StoreError) -> [String: String] {
        let ids = Array(Set(histories.map(\.id.id)))
        let query = SummaryQuery(kind: History.kind, ids: ids, limit: SummaryQuery.maximumLimit)
        var digests: [String: String] = [:]
        for summary in try await store.summaries(query).elements {
            digests[summary.id.id] = OriginMetadata(History.metadata(of: summary))?.digest ?? ""
        }
        guard isDryRun else { return digests }
        for history in histories { digests[history.id.id] = digests[history.id.id] ?? seen[history.id.description] }
        return digests
    }

    private func note(_ new: [some PreparedHistory]) {
        for history in new { seen.insert(history.id.description, history.digest) }
    }

    private func commit(_ histories: [some PreparedHistory]) async throws(StoreError) {
        guard !histories.isEmpty else { return }
        var changeset = Changeset()
        for history in histories {
            let one = try history.creation()
            changeset.appends += one.appends
            changeset.summaries += one.summaries
        }
        _ = try await store.commitSpilling(changeset)
    }
}
