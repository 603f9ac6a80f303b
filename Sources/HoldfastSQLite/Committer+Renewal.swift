import Holdfast

extension Committer {
    /// Writes the worker's row, and the rows of those histories that it no longer names.
    func renew(_ request: RenewRequest) throws(SQLiteFailure) -> Renewal {
        let worker = try extend(request.worker, to: now + request.timeToLive, shortening: true)
        var renewal = Renewal(expiresAt: worker.expiresAt)
        var lost = Set(request.held.keys)
        for held in try heldHistories(worker.key) {
            if request.held[held.id] == held.token {
                lost.remove(held.id)
                if held.isCancelled { renewal.cancelled.insert(held.id) }
            } else {
                try release(held.id, token: held.token)
                renewal.released.insert(held.id)
            }
        }
        renewal.lost = lost
        return renewal
    }

    private struct Held {
        var id: HistoryID
        var token: LeaseToken
        var isCancelled: Bool
    }

    private func heldHistories(_ worker: Int64) throws(SQLiteFailure) -> [Held] {
        let statement = try connection.prepared(
            "SELECT kind, id, token, cancel_requested_at IS NOT NULL FROM history WHERE holder = ?1")
        statement.bind(worker)
        defer { statement.reset() }
        var held: [Held] = []
        while try statement.step() {
            held.append(
                Held(
                    id: HistoryID(stored: statement.int(0), statement.text(1)),
                    token: LeaseToken(rawValue: statement.int(2)), isCancelled: statement.int(3) != 0))
        }
        return held
    }
}

extension HistoryID {
    /// From columns, which were checked when they were written.
    init(stored kind: Int64, _ id: String) {
        self = kind == 0 ? .run(RunID(unchecked: id)) : .process(ProcessID(unchecked: id))
    }
}
