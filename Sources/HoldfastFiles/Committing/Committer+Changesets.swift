import Holdfast
import HoldfastLocal

// Every condition of a changeset is checked before anything of it is accepted.

extension Committer {
    func check(_ encoded: EncodedChangeset) throws(StoreError) {
        for append in encoded.appends { try check(append) }
        for change in encoded.changeset.summaries { try check(change) }
        for change in encoded.changeset.records { try check(change) }
        for deletion in encoded.changeset.deletions { try checkFence(deletion.history, token: deletion.token) }
        // Releases are without effect where they don't fit, but the index has to know what it changes.
        for release in encoded.changeset.releases { _ = try head(of: release.history) }
    }

    private func check(_ append: EncodedChangeset.Append) throws(StoreError) {
        for digest in append.blobs where try !blobs.exists(digest) {
            throw StoreError(
                .notFound, subject: "blob \(digest)", detail: "named by \(append.history); write it first")
        }
        let head = try head(of: append.history)
        guard !append.isCreation else {
            guard !head.isThere else { throw StoreError(.alreadyExists, subject: append.history.description) }
            if append.isOwn { throw leaseLost(append.history) }
            return
        }
        guard head.isThere else { throw StoreError(.notFound, subject: append.history.description) }
        if append.isOwn { try check(append.token, against: head, of: append.history) }
        guard !append.requiresLastKnown || head.sequence == append.lastKnown else {
            throw StoreError(
                .conflict, subject: append.history.description,
                detail: "it ends at event \(head.sequence), not at \(append.lastKnown)")
        }
    }

    private func check(_ change: SummaryChange) throws(StoreError) {
        let head = try head(of: change.id)
        switch change {
        case .create:
            guard !head.isThere else { throw StoreError(.alreadyExists, subject: change.id.description) }
        case .update(let update):
            guard head.isThere else { throw StoreError(.notFound, subject: update.id.description) }
            if update.folded != nil { try check(update.token, against: head, of: update.id) }
            guard update.expectedStates?.contains(head.state) ?? true else {
                throw StoreError(.conflict, subject: update.id.description, detail: "it is \(head.state.rawValue)")
            }
        }
    }

    /// Own acts need the highest token ever issued for the history, whether its lease is alive or not.
    private func checkFence(_ id: HistoryID, token: LeaseToken?) throws(StoreError) {
        let head = try head(of: id)
        guard head.isThere else { throw StoreError(.notFound, subject: id.description) }
        try check(token, against: head, of: id)
    }

    private func check(_ token: LeaseToken?, against head: Head, of id: HistoryID) throws(StoreError) {
        guard let token, head.lease?.token == token else { throw leaseLost(id) }
    }

    private func leaseLost(_ id: HistoryID) -> StoreError {
        StoreError(.leaseLost, subject: id.description, detail: "claim it first")
    }

    private func check(_ change: RecordChange) throws(StoreError) {
        let version = recordVersion(change.name)
        guard version == change.expectedVersion ?? version else {
            throw StoreError(.conflict, subject: change.name.description, detail: "it is at version \(version)")
        }
    }

    /// 0: it is not there.
    private func recordVersion(_ name: RecordName) -> Int64 {
        if let (version, expiresAt) = recordVersions[name] {
            return expiresAt.map { $0 <= now } ?? false ? 0 : version
        }
        return journal.withIndex { [now] in $0.record(name, at: now)?.version ?? 0 }
    }

    /// What a changeset reads along, behind all that was accepted.
    func records(_ names: [RecordName]) -> [Result<Record?, StoreError>] {
        if names.contains(where: { recordVersions[$0] != nil }) { flush() }
        return names.map { name in
            let found = journal.withIndex { [now] index in
                index.record(name, at: now).map { ($0, index.file(of: $0.body)) }
            }
            return Result { () throws(StoreError) in
                try found?.0.read(kind: name.kind, key: name.key, from: found?.1)
            }
        }
    }

    /// Where a history stands behind all that was accepted.
    func head(of id: HistoryID) throws(StoreError) -> Head {
        if let head = heads[id] { return head }
        let head = try journal.withIndex { index throws(StoreError) in
            guard let slot = index.slot(id) else { return Head(isThere: false) }
            let open = try index.opened(slot)
            let entry = index.entries[Int(slot)]
            return Head(sequence: entry.lastSequence, state: entry.state, lease: open.lease, isThere: true)
        }
        heads[id] = head
        return head
    }

    // MARK: - Accepting

    /// Adds a checked changeset to the batch.
    /// - Parameter records: what it reads along.
    func accept(_ encoded: EncodedChangeset, _ records: [Result<Record?, StoreError>], _ ticket: WriteTicket)
        throws(StoreError)
    {
        let changeset = encoded.changeset
        var receipt = Receipt(records: records)
        for change in changeset.summaries { try accept(change) }
        for append in encoded.appends { receipt.sequences.append(try accept(append)) }
        receipt.versions = changeset.records.map(accept)
        for deletion in changeset.deletions { try head(of: deletion.history).isThere = false }
        for release in changeset.releases {
            let head = try head(of: release.history)
            if head.lease?.token == release.token { head.lease?.isReleased = true }
        }
        var line = encoded.line
        line.entry.versions = receipt.versions
        line.entry.keepsUntil = encoded.isRemembered ? now + RememberedReceipt.age : nil
        let entries = line.entry.events.count + line.entry.deletions.count
        accept(line, changeset.id, extra: line.entry.extra, ticket) { [receipt] position in
            var receipt = receipt
            if entries > 0 { receipt.position = FeedPosition(rawValue: position + Int64(entries) - 1) }
            return .receipt(receipt)
        }
    }

    private func accept(_ change: SummaryChange) throws(StoreError) {
        let head = try head(of: change.id)
        switch change {
        case .create(let summary):
            head.isThere = true
            (head.sequence, head.lease, head.state) = (0, nil, summary.folded.state)
        case .update(let update):
            if let state = update.folded?.state { head.state = state }
        }
    }

    private func accept(_ append: EncodedChangeset.Append) throws(StoreError) -> ClosedRange<Int64> {
        let head = try head(of: append.history)
        let first = head.sequence + 1
        head.sequence += append.count
        return first...head.sequence
    }

    /// - Returns: the new version; 0 for a deletion.
    private func accept(_ change: RecordChange) -> Int64 {
        switch change {
        case .put(let record, _):
            let version = recordVersion(record.name) + 1
            recordVersions[record.name] = (version, record.expiresAt)
            return version
        case .delete:
            recordVersions[change.name] = (0, nil)
            return 0
        }
    }
}

extension JournalEntry {
    /// What only the committer knows: stands before the text.
    fileprivate var extra: LineText? {
        guard !versions.isEmpty || keepsUntil != nil else { return nil }
        var text = LineText()
        text.array("versions", versions) { $0.number($1) }
        if let keepsUntil {
            text.raw(",\"keep\":")
            text.number(keepsUntil.milliseconds)
        }
        return text
    }
}
