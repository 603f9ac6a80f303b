import Holdfast
import HoldfastLocal

extension Committer {
    func commit(_ encoded: EncodedChangeset) throws(SQLiteFailure) -> Receipt {
        if let receipt = try earlierReceipt(of: encoded) { return receipt }
        try check(encoded.changeset)
        let receipt = try write(encoded)
        if encoded.isRemembered { try remember(receipt, of: encoded.changeset.id) }
        return receipt
    }

    // MARK: - Checking

    private func check(_ changeset: Changeset) throws(SQLiteFailure) {
        for append in changeset.appends { try check(append) }
        for change in changeset.summaries { try check(change) }
        for change in changeset.records { try check(change) }
        for deletion in changeset.deletions { try checkFence(deletion.history, token: deletion.token) }
    }

    private func check(_ append: Changeset.Append) throws(SQLiteFailure) {
        for event in append.events {
            for digest in event.payload.blobs { try check(digest, namedBy: append.history) }
        }
        if append.events[0].payload.isFirst { return try checkCreation(append) }
        let head = try knownHead(of: append.history)
        if append.events.contains(where: { !$0.payload.isRequest }) {
            try check(append.token, against: head, of: append.history)
        }
        guard !append.requiresLastKnown || head.sequence == append.lastKnown else {
            throw .refused(
                StoreError(
                    .conflict, subject: append.history.description,
                    detail: "it ends at event \(head.sequence), not at \(append.lastKnown)"))
        }
    }

    private func checkCreation(_ append: Changeset.Append) throws(SQLiteFailure) {
        guard try head(of: append.history) == nil else {
            throw .refused(StoreError(.alreadyExists, subject: append.history.description))
        }
        guard append.events.dropFirst().allSatisfy(\.payload.isRequest) else { throw leaseLost(append.history) }
    }

    private func check(_ digest: Digest, namedBy history: HistoryID) throws(SQLiteFailure) {
        do throws(StoreError) {
            if try blobs.exists(digest) { return }
        } catch {
            throw .refused(error)
        }
        throw .refused(
            StoreError(.notFound, subject: "blob \(digest)", detail: "named by \(history); write it first"))
    }

    /// Own acts need the highest token ever issued for the history, whether its lease is alive or not.
    func checkFence(_ id: HistoryID, token: LeaseToken?) throws(SQLiteFailure) {
        try check(token, against: try knownHead(of: id), of: id)
    }

    private func check(_ token: LeaseToken?, against head: HistoryHead, of id: HistoryID) throws(SQLiteFailure) {
        guard let token, token.rawValue > 0, head.token == token.rawValue else { throw leaseLost(id) }
    }

    private func leaseLost(_ id: HistoryID) -> SQLiteFailure {
        .refused(StoreError(.leaseLost, subject: id.description, detail: "claim it first"))
    }

    // MARK: - Writing

    private func write(_ encoded: EncodedChangeset) throws(SQLiteFailure) -> Receipt {
        let changeset = encoded.changeset
        for change in changeset.summaries {
            try write(changeset.stamped(change, head: try head(of: change.id)?.sequence ?? 0))
        }
        var receipt = Receipt()
        var bodies = encoded.bodies[...]
        for append in changeset.appends {
            receipt.sequences.append(
                try write(
                    append, bodies.prefix(append.events.count), changeset: changeset.id,
                    isFirst: receipt.sequences.isEmpty))
            bodies = bodies.dropFirst(append.events.count)
        }
        for change in changeset.records { receipt.versions.append(try write(change)) }
        for deletion in changeset.deletions { try delete(deletion.history) }
        for given in changeset.releases { try release(given.history, token: given.token) }
        if !changeset.appends.isEmpty || !changeset.deletions.isEmpty {
            receipt.position = FeedPosition(rawValue: try lastPosition())
        }
        return receipt
    }

    private func write(
        _ append: Changeset.Append, _ bodies: ArraySlice<[UInt8]>, changeset: ChangesetID, isFirst: Bool
    ) throws(SQLiteFailure) -> ClosedRange<Int64> {
        var head = try knownHead(of: append.history)
        let first = head.sequence + 1
        var mark = isFirst ? changeset : nil
        for (event, body) in zip(append.events, bodies) {
            head.sequence += 1
            let isRequest = event.payload.isRequest
            try insertEvent(
                EventRow(
                    history: head.key, sequence: head.sequence, time: event.time,
                    token: isRequest || event.payload.isFirst ? nil : append.token, changeset: mark,
                    task: event.payload.xcomTask, isRequest: isRequest, body: body))
            mark = nil
            for digest in event.payload.blobs { try use(digest, by: head.key) }
        }
        heads[append.history] = head
        return first...head.sequence
    }

    struct EventRow {
        var history: Int64
        var sequence: Int64
        var time: Timestamp
        var token: LeaseToken?
        var changeset: ChangesetID?
        var task: TaskID?
        var isRequest: Bool
        var body: [UInt8]
    }

    func insertEvent(_ row: EventRow) throws(SQLiteFailure) {
        try connection.run(
            """
            INSERT INTO event (position, history, sequence, time, token, changeset, task, body)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """, try nextPosition(isRequest: row.isRequest), row.history, row.sequence, row.time,
            row.token?.rawValue, row.changeset, row.task?.rawValue, UTF8Text(bytes: row.body))
    }

    private func use(_ digest: Digest, by history: Int64) throws(SQLiteFailure) {
        try connection.run("INSERT OR IGNORE INTO blob_use (history, digest) VALUES (?1, ?2)", history, digest)
    }

    // MARK: - Deleting

    private func delete(_ id: HistoryID) throws(SQLiteFailure) {
        let key = try knownHead(of: id).key
        try count(-1, try stored(id))
        try connection.run("DELETE FROM label WHERE history = ?1", key)
        try connection.run("DELETE FROM blob_use WHERE history = ?1", key)
        try connection.run("DELETE FROM event WHERE history = ?1", key)
        try connection.run("DELETE FROM history WHERE key = ?1", key)
        try connection.run(
            "INSERT INTO tombstone (position, tenant, kind, id, time) VALUES (?1, ?2, ?3, ?4, ?5)",
            try nextPosition(), tenant, id.kind.code, id.id, now)
        heads[id] = nil
    }

    func release(_ id: HistoryID, token: LeaseToken) throws(SQLiteFailure) {
        guard let head = try head(of: id), head.token == token.rawValue else { return }
        try connection.run("UPDATE history SET holder = NULL WHERE key = ?1", head.key)
    }
}
