import Holdfast

/// What one line of the journal says: an accepted changeset, a claim or a renewal.
struct JournalEntry: Sendable {
    var events: [Event] = []
    /// Their `asOf` is not that of the line when an event of the same history is in it: `Index` puts it right.
    var summaries: [SummaryChange] = []
    var records: [RecordEntry] = []
    var deletions: [HistoryID] = []
    var releases: [Changeset.Release] = []
    /// With claims and renewals: the worker's row.
    var worker: Worker?
    /// With claims: one for each event.
    var leases: [Grant] = []
    /// Of each record, its new version; 0 for a deletion.
    var versions: [Int64] = []
    /// Until when a repeated commit has to be known by its id alone; nil: its events tell.
    var keepsUntil: Timestamp?

    struct Event: Sendable {
        var history: HistoryID
        var kind: Kind
        var task: TaskID?
        /// What it names.
        var blobs: [Digest]
        /// Of its time and payload, in the bytes that the entry was made with.
        var range: Range<Int>
    }

    enum Kind: UInt8, Sendable { case own, request, first, claim }

    struct RecordEntry: Sendable {
        var kind: String
        var key: String
        /// Nil: it was deleted.
        var content: Content?

        struct Content: Sendable {
            var orderKey: String?
            var expiresAt: Timestamp?
            /// Of its body, in the bytes that the entry was made with.
            var range: Range<Int>
        }
    }

    struct Grant: Sendable {
        var token: LeaseToken
        var takenOverFrom: WorkerID?
    }

    /// How many positions it takes: one for each event and each deletion, and one when there is neither.
    var width: Int64 { Int64(max(1, events.count + deletions.count)) }
}

/// One row per worker: renewing all its leases is one line.
struct Worker: Sendable, Hashable {
    var info: WorkerInfo
    var expiresAt: Timestamp
}
