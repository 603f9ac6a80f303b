import Holdfast

/// Where a history stands: what committing to it has to know.
final class HistoryHead {
    /// Its row.
    let key: Int64
    /// Of its last event; 0 without one.
    var sequence: Int64
    /// The highest issued; 0 before the first.
    var token: Int64

    init(key: Int64, sequence: Int64, token: Int64) {
        self.key = key
        self.sequence = sequence
        self.token = token
    }
}

/// The heads of the histories that were written last, so that a step costs no lookup. Only valid while nobody else has
/// written: `Committer` empties it otherwise.
struct HistoryHeads {
    private var heads: [HistoryID: HistoryHead] = [:]
    /// A changeset asks for the same one several times.
    private var last: (id: HistoryID, head: HistoryHead)?
    private let limit = 20_000

    subscript(id: HistoryID) -> HistoryHead? {
        mutating get {
            if let last, last.id == id { return last.head }
            guard let head = heads[id] else { return nil }
            last = (id, head)
            return head
        }
        set {
            if heads.count >= limit { heads.removeAll(keepingCapacity: true) }
            heads[id] = newValue
            last = newValue.map { (id, $0) }
        }
    }

    mutating func removeAll() {
        heads.removeAll(keepingCapacity: true)
        last = nil
    }
}
