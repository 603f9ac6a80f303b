import Holdfast
import HoldfastLocal

/// Everything a reader of the store can ask for, folded from the base and the journal up to one line: what is small itself, of
/// what is large its place in a file.
///
/// A value behind one mutex. It only ever goes on to the next line (`apply`), or is replaced by a smaller one that says the same
/// after a compaction.
struct Index: Sendable {
    // Where it stands.

    /// Of the last line applied.
    var position: Int64 = 0
    /// Of the last event or deletion.
    var feedPosition: Int64 = 0
    /// Positions up to this one are no longer in the feed.
    var trimmed: Int64 = 0
    /// Behind the last line applied.
    var end = JournalEnd(segment: 0, offset: 0)
    /// The newest line that began a batch: all before it is known to be on the disk.
    var lastBatch = JournalEnd(segment: 0, offset: 0)
    /// The number of the base that it began with; 0: none.
    var baseNumber = 0

    // What it reads from.

    var base: (any OpenFile)?
    /// What the checksums of the base's lines are seeded with.
    var baseGeneration: UInt64 = 0
    var segments: [Int32: Segment] = [:]

    // Histories, by slot.

    var ids: ContiguousArray<HistoryID> = []
    var entries: ContiguousArray<HistoryEntry> = []
    var slots: [HistoryID: Int32] = [:]
    var freeSlots: [Int32] = []
    var lists: [ListKey: SlotList] = [:]
    /// By stored state.
    var keptCounts: [CountKey: Int] = [:]
    /// Whose stored state is active: where a dead worker makes a difference.
    var active: Set<Int32> = []

    /// The feed: events and deletions behind the base.
    var rows: ContiguousArray<EventRow> = []
    /// Of rows that are deletions.
    var deleted: [Int32: HistoryID] = [:]

    var dags = Names<DAGID>()
    var workspaces = Names<WorkspaceID>()
    var tasks = Names<TaskID>()

    // Everything else.

    var records: [Bytes: RecordKind] = [:]
    var workers: [WorkerID: Worker] = [:]
    /// Of each worker, the slots whose lease it has not given back.
    var holdings: [WorkerID: Set<Int32>] = [:]
    var lastToken: Int64 = 0
    var receipts: [ChangesetID: RememberedReceipt] = [:]

    /// What was found when the base was read.
    var damages: [Damage] = []

    /// Histories that were deleted and have a file of their own.
    var deletedFiles: Set<HistoryID> = []
    /// Bytes in segments behind the base that are followed by another.
    var closedBytes: Int64 = 0
    /// Bytes in the files of histories and in the base: what compaction has to write again or to keep.
    var sealedBytes: Int64 = 0
    var baseBytes: Int64 = 0
}

/// A place between two lines of the journal.
struct JournalEnd: Sendable, Hashable, Comparable {
    var segment: Int32
    var offset: Int64

    static func < (left: JournalEnd, right: JournalEnd) -> Bool {
        (left.segment, left.offset) < (right.segment, right.offset)
    }

    /// As one word, which other processes read at once.
    var word: UInt64 { UInt64(segment) << 40 | UInt64(offset) }

    init(segment: Int32, offset: Int64) {
        self.segment = segment
        self.offset = offset
    }

    init(word: UInt64) {
        self.init(segment: Int32(truncatingIfNeeded: word >> 40), offset: Int64(word & (1 << 40 - 1)))
    }
}

/// What stays in memory of each history: enough to list, to count and to check conditions.
struct HistoryEntry: Sendable {
    var dag: Int32
    /// -1: none.
    var workspace: Int32
    /// As stored.
    var state: RunState
    /// Milliseconds, as the next two; `Int64.min`: not in this order.
    var created: Int64
    var ended: Int64
    var duration: Int64
    var lastSequence: Int64 = 0
    /// The highest ever issued; 0: none.
    var token: Int64 = 0
    /// Its own file: how much of it counts, and up to which event it goes.
    var sealedBytes: Int64 = 0
    var sealedEvents: Int64 = 0
    /// Of its line in the base, while `open` is nil.
    var baseOffset: Int64 = 0
    var baseLength: Int32 = 0
    /// Of histories that changed since the base, or are held by a worker.
    var open: OpenHistory?
}

/// What is in memory of a history that is being worked on. Only touched under the index's lock.
final class OpenHistory: @unchecked Sendable {
    // Unchecked for that reason.

    /// Its `lease` is nil here; `Index.filled` adds it for readers.
    var summary: Summary
    var lease: HeldLease?
    /// Of its events that are not in its own file, in their order.
    var rows: ContiguousArray<Int32> = []
    /// From which sequence on which token was the highest, oldest first.
    var tokens: [(from: Int64, token: Int64)]
    /// What its events have named.
    var blobs: Set<Digest> = []

    init(summary: Summary, lease: HeldLease?, blobs: Set<Digest> = []) {
        self.summary = summary
        self.lease = lease
        self.blobs = blobs
        tokens = [(0, lease?.token.rawValue ?? 0)]
    }

    func token(at sequence: Int64) -> LeaseToken? {
        tokens.last { $0.from <= sequence }.flatMap { $0.token == 0 ? nil : LeaseToken(rawValue: $0.token) }
    }
}

/// The newest lease of a history. It stays when it ends, because its token stays the highest.
struct HeldLease: Sendable, Hashable {
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

/// An event or a deletion in the feed.
struct EventRow: Sendable {
    var position: Int64
    /// Of the history; `deletion`, or `buried` for an event of a history that was deleted.
    var slot: Int32
    var kind: JournalEntry.Kind
    /// Whether it is the first of an append, by which a repeated changeset is known.
    var isMark: Bool
    /// -1: left no XComs.
    var task: Int32
    var sequence: Int64
    /// Of its time and payload.
    var segment: Int32
    var length: Int32
    var offset: Int64
    var changeset: ChangesetID

    static let deletion: Int32 = -1
    static let buried: Int32 = -2
}

struct RememberedReceipt: Sendable {
    var receipt: Receipt
    var until: Timestamp

    static let age = Duration.seconds(24 * 3600)
}

/// The counts are kept for each of these.
struct CountKey: Sendable, Hashable {
    var kind: HistoryID.Kind
    var dag: Int32
    var workspace: Int32
    var state: RunState
}

/// Texts that come again and again, as small numbers.
struct Names<ID: Identifier>: Sendable {
    private(set) var ids: [ID] = []
    private var numbers: [ID: Int32] = [:]

    mutating func number(of id: ID) -> Int32 {
        if let number = numbers[id] { return number }
        let number = Int32(ids.count)
        ids.append(id)
        numbers[id] = number
        return number
    }

    /// Nil: it never came.
    func known(_ id: ID) -> Int32? { numbers[id] }

    subscript(number: Int32) -> ID { ids[Int(number)] }
}

/// A text that is equal and ordered by its UTF-8 bytes, as every backend compares keys.
struct Bytes: Sendable, Hashable, Comparable {
    let text: String
    init(_ text: String) { self.text = text }

    static func == (left: Bytes, right: Bytes) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }
    static func < (left: Bytes, right: Bytes) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
    func hash(into hasher: inout Hasher) { for byte in text.utf8 { hasher.combine(byte) } }
}
