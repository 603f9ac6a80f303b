import Holdfast
import HoldfastLocal

extension Committer {
    func commit(_ encoded: EncodedChangeset) throws(SQLiteFailure) -> Receipt {
        var records: [Result<Record?, StoreError>] = []
        for name in encoded.changeset.reads { records.append(try record(name)) }
        var receipt = if let earlier = try earlierReceipt(of: encoded) { earlier } else { try checkAndWrite(encoded) }
        receipt.records = records
        return receipt
    }

    private func checkAndWrite(_ encoded: EncodedChangeset) throws(SQLiteFailure) -> Receipt {
        try check(encoded)
        let receipt = try write(encoded)
        if encoded.isRemembered { try remember(receipt, of: encoded.changeset.id) }
        return receipt
    }

    // MARK: - Checking

    private func check(_ encoded: EncodedChangeset) throws(SQLiteFailure) {
        for append in encoded.appends { try check(append) }
        for change in encoded.changeset.summaries { try check(change) }
        for change in encoded.changeset.records { try check(change) }
        for deletion in encoded.changeset.deletions { try checkFence(deletion.history, token: deletion.token) }
    }

    private func check(_ append: EncodedChangeset.Append) throws(SQLiteFailure) {
        for digest in append.blobs { try check(digest, namedBy: append.history) }
        guard !append.isCreation else {
            guard try head(of: append.history) == nil else {
                throw .refused(StoreError(.alreadyExists, subject: append.history.description))
            }
            if append.isOwn { throw leaseLost(append.history) }
            return
        }
        let head = try knownHead(of: append.history)
        if append.isOwn { try check(append.token, against: head, of: append.history) }
        guard !append.requiresLastKnown || head.sequence == append.lastKnown else {
            throw .refused(
                StoreError(
                    .conflict, subject: append.history.description,
                    detail: "it ends at event \(head.sequence), not at \(append.lastKnown)"))
        }
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
        for (index, change) in changeset.summaries.enumerated() {
            let sequence = change.isCreation ? 0 : try head(of: change.id)?.sequence ?? 0
            try write(changeset.stampedSummary(index, head: sequence), encoded.texts[index])
        }
        var receipt = Receipt()
        var mark: ChangesetID? = changeset.id
        for append in encoded.appends { receipt.sequences.append(try write(append, &mark)) }
        for change in changeset.records { receipt.versions.append(try write(change)) }
        for deletion in changeset.deletions { try delete(deletion.history) }
        for given in changeset.releases { try release(given.history, token: given.token) }
        if !encoded.appends.isEmpty || !changeset.deletions.isEmpty {
            receipt.position = FeedPosition(rawValue: try lastPosition())
        }
        return receipt
    }

    /// - Parameter mark: goes into the first row that is written.
    private func write(
        _ append: EncodedChangeset.Append, _ mark: inout ChangesetID?
    ) throws(SQLiteFailure) -> ClosedRange<Int64> {
        let head = try knownHead(of: append.history)
        let first = head.sequence + 1
        for event in append.events {
            try insert(event, at: head, mark)
            mark = nil
        }
        for digest in append.blobs { try use(digest, by: head.key) }
        return first...head.sequence
    }

    /// Gives an event the next sequence and the next position.
    func insert(_ event: EncodedChangeset.Event, at head: HistoryHead, _ mark: ChangesetID?) throws(SQLiteFailure) {
        head.sequence += 1
        let position = try nextPosition(isRequest: event.isRequest)
        try connection.run(
            """
            INSERT INTO event (position, history, sequence, time, token, changeset, task, body)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """, position, head.key, head.sequence, event.time, event.token, mark, event.task,
            UTF8Text(bytes: event.body))
        added(mark, UnfiledEvents.Mark(history: head.key, sequence: head.sequence, position: position))
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
        try deleteEvents(of: key)
        try connection.run("DELETE FROM history WHERE key = ?1", key)
        try connection.run(
            "INSERT INTO tombstone (position, tenant, kind, id, time) VALUES (?1, ?2, ?3, ?4, ?5)",
            try nextPosition(), tenant, id.kind.code, id.id, now)
        heads[id] = nil
    }

    private func deleteEvents(of key: Int64) throws(SQLiteFailure) {
        try connection.run(
            "DELETE FROM event WHERE position > (SELECT value FROM counter WHERE name = 'filed') AND history = ?1", key)
        try connection.run("DELETE FROM request WHERE position IN (SELECT position FROM place WHERE history = ?1)", key)
        try connection.run("DELETE FROM event WHERE position IN (SELECT position FROM place WHERE history = ?1)", key)
        try connection.run("DELETE FROM place WHERE history = ?1", key)
    }

    func release(_ id: HistoryID, token: LeaseToken) throws(SQLiteFailure) {
        guard let head = try head(of: id), head.token == token.rawValue else { return }
        try connection.run("UPDATE history SET holder = NULL WHERE key = ?1", head.key)
    }
}
