import Holdfast
import Synchronization

/// What this process has written and has not seen in the readable files yet: what closing waits for.
final class OwnNews: Sendable {
    enum Change: Sendable, Hashable {
        /// Its last event.
        case upTo(Int64)
        case deleted
    }

    private struct Pending {
        var histories: [HistoryID: Change] = [:]
        var records: [String: Set<String>] = [:]

        /// Commits of one history may come out of order.
        mutating func note(_ history: HistoryID, _ sequence: Int64) {
            if case .upTo(let known)? = histories[history], known >= sequence { return }
            histories[history] = .upTo(sequence)
        }
    }

    private let pending = Mutex(Pending())

    var histories: [HistoryID: Change] { pending.withLock { $0.histories } }
    var hasRecords: Bool { pending.withLock { !$0.records.isEmpty } }

    func note(_ changeset: Changeset, _ receipt: Receipt) {
        pending.withLock { pending in
            for (append, sequences) in zip(changeset.appends, receipt.sequences) {
                pending.note(append.history, sequences.upperBound)
            }
            for deletion in changeset.deletions { pending.histories[deletion.history] = .deleted }
            for change in changeset.records {
                switch change {
                case .put(let record, _): pending.records[record.kind, default: []].insert(record.key)
                case .delete(let kind, let key, _): pending.records[kind, default: []].insert(key)
                }
            }
        }
    }

    func note(_ leases: [Lease]) {
        pending.withLock { pending in
            for lease in leases { pending.note(lease.history, lease.sequence) }
        }
    }

    /// The files show the history up to this event, or that it is gone.
    func shown(_ history: HistoryID, upTo sequence: Int64?) {
        pending.withLock { pending in
            switch pending.histories[history] {
            case .upTo(let own)? where own <= sequence ?? .max: pending.histories[history] = nil
            case .deleted? where sequence == nil: pending.histories[history] = nil
            default: break
            }
        }
    }

    /// The changed records by kind, handed over.
    func takeRecords() -> [String: Set<String>] {
        pending.withLock { pending in
            defer { pending.records = [:] }
            return pending.records
        }
    }

    /// Gives back what could not be shown.
    func putBack(_ keys: Set<String>, kind: String) {
        pending.withLock { $0.records[kind, default: []].formUnion(keys) }
    }
}
