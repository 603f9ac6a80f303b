import Holdfast

/// Everything a store holds for one tenant, as a value.
///
/// Its functions come in two kinds: those that look, and those that change it. What changes it checks every condition first,
/// so it either throws and has changed nothing, or succeeds whole.
struct Contents: Sendable {
    var histories: [HistoryID: History] = [:]
    /// Which summaries there are, in each order that a query may ask for.
    var orders: [ListingOrder: SortedList<ListingPlace>] = [:]
    /// By stored state.
    var keptCounts: [CountKey: Int] = [:]
    /// Whose stored state is active: where a dead worker makes a difference.
    var active: Set<HistoryID> = []
    var records: [Bytes: RecordKind] = [:]
    var feed = Feed()
    var workers: [WorkerID: Worker] = [:]
    /// The highest ever issued.
    var lastToken: Int64 = 0
    /// What changesets without events came to.
    var receipts: [ChangesetID: RememberedReceipt] = [:]
    var blobs: [Digest: Blob] = [:]
}

/// A history with its summary and what belongs to it.
struct History: Sendable {
    /// Its `lease` is nil here; `Contents.filled` adds it for readers.
    var summary: Summary
    /// The event of sequence n stands at n - 1.
    var events: [StoredEvent] = []
    var lease: HeldLease?
    /// What its events have named.
    var blobs: Set<Digest> = []

    var lastSequence: Int64 { Int64(events.count) }
}

struct StoredEvent: Sendable {
    var event: Event
    /// With the first event of each append: how a repeated commit is known, and what it is answered.
    var origin: Origin?

    struct Origin: Sendable {
        var changeset: ChangesetID
        var receipt: Receipt
    }
}

/// The newest lease of a history. It stays when it ends, because its token stays the highest.
struct HeldLease: Sendable {
    var token: LeaseToken
    var worker: WorkerID
    var location: String
    /// Of the `claimed` event.
    var sequence: Int64
    var takenOverFrom: WorkerID?
    /// The request it was given to.
    var claim: ChangesetID
    var isReleased = false
}

/// One row per worker: renewing all its leases is one write.
struct Worker: Sendable {
    var info: WorkerInfo
    var expiresAt: Timestamp
}

struct RememberedReceipt: Sendable {
    var receipt: Receipt
    var committedAt: Timestamp

    static let age = Duration.seconds(24 * 3600)
}

struct Blob: Sendable {
    var bytes: [UInt8]
    /// For the last time.
    var writtenAt: Timestamp
}

/// The counts are kept for each of these.
struct CountKey: Sendable, Hashable {
    var kind: HistoryID.Kind
    var dag: DAGID
    var workspace: WorkspaceID?
    var state: RunState
}

/// A text that is equal and ordered by its UTF-8 bytes, as every backend compares keys.
struct Bytes: Sendable, Hashable, Comparable {
    let text: String
    init(_ text: String) { self.text = text }

    static func == (left: Bytes, right: Bytes) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }
    static func < (left: Bytes, right: Bytes) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
    func hash(into hasher: inout Hasher) { for byte in text.utf8 { hasher.combine(byte) } }
}
