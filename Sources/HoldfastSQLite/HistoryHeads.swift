import Holdfast

/// Where a history stands: what committing to it has to know.
struct HistoryHead {
    /// Its row.
    var key: Int64
    /// Of its last event; 0 without one.
    var sequence: Int64
    /// The highest issued; 0 before the first.
    var token: Int64
}

/// The heads of the histories that were written last, so that a step costs no lookup. Only valid while nobody else has
/// written: `Committer` empties it otherwise.
struct HistoryHeads {
    private var heads: [HistoryID: HistoryHead] = [:]
    private let limit = 20_000

    subscript(id: HistoryID) -> HistoryHead? {
        get { heads[id] }
        set {
            if heads.count >= limit { heads.removeAll(keepingCapacity: true) }
            heads[id] = newValue
        }
    }

    mutating func removeAll() { heads.removeAll(keepingCapacity: true) }
}
