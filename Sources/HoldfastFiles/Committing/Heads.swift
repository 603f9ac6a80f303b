import Holdfast

/// Where a history stands for those who write, with what the batch at work will make of it.
final class Head: @unchecked Sendable {
    // Unchecked: only used by the thread of the commit line.

    /// Of its last event.
    var sequence: Int64
    var state: RunState
    var lease: HeldLease?
    /// False: there is no such history.
    var isThere: Bool

    init(sequence: Int64 = 0, state: RunState = .queued, lease: HeldLease? = nil, isThere: Bool) {
        self.sequence = sequence
        self.state = state
        self.lease = lease
        self.isThere = isThere
    }
}

/// The heads of the histories that were written last, so that a step looks its history up once. Valid while nobody else has
/// written: the committer empties it otherwise.
struct Heads {
    private var heads: [HistoryID: Head] = [:]
    /// A changeset asks for the same one several times.
    private var last: (id: HistoryID, head: Head)?
    private let limit = 20_000

    subscript(id: HistoryID) -> Head? {
        mutating get {
            if let last, last.id == id { return last.head }
            guard let head = heads[id] else { return nil }
            last = (id, head)
            return head
        }
        set {
            heads[id] = newValue
            last = newValue.map { (id, $0) }
        }
    }

    /// Between batches alone: within one they hold what nobody else knows.
    mutating func trim() {
        if heads.count > limit { removeAll() }
    }

    mutating func removeAll() {
        heads.removeAll(keepingCapacity: true)
        last = nil
    }
}
