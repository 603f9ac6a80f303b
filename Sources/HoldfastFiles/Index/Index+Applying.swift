import Holdfast

// Going on by one line. What the line says was checked when it was written, so the checks here only keep a damaged file from
// doing more damage.

extension Index {
    /// Where a line stands.
    struct Line {
        var id: ChangesetID
        var position: Int64
        var segment: Int32
        /// What the entry's ranges count from.
        var textOffset: Int64
    }

    /// - Throws: `corrupt` when the line does not fit what is there; nothing was changed then. `unavailable` when the base can't
    ///   be read.
    mutating func apply(_ entry: JournalEntry, at line: Line) throws(StoreError) {
        try prepare(entry, line)
        if !entry.summaries.isEmpty {
            let appended = Dictionary(entry.events.map { ($0.history, Int64(1)) }, uniquingKeysWith: +)
            for change in entry.summaries { apply(change, appended: appended[change.id] ?? 0) }
        }
        var receipt = append(entry, line)
        receipt.versions = entry.versions
        for (record, version) in zip(entry.records, entry.versions) { apply(record, version, line) }
        for deletion in entry.deletions { delete(deletion, line, &receipt) }
        for release in entry.releases { self.release(release) }
        if let worker = entry.worker { workers[worker.info.id] = worker }
        if let until = entry.keepsUntil {
            receipts[line.id] = RememberedReceipt(receipt: receipt, until: until)
        }
        position = line.position + entry.width - 1
        if let last = receipt.position { feedPosition = last.rawValue }
    }

    // MARK: - Checking

    /// Brings what will be changed into memory.
    private mutating func prepare(_ entry: JournalEntry, _ line: Line) throws(StoreError) {
        var created: Set<HistoryID> = []
        for change in entry.summaries {
            switch change {
            case .create(let summary):
                guard slots[summary.id] == nil else { throw misfit(line, "\(summary.id) is there already") }
                created.insert(summary.id)
            case .update(let update): try prepare(update.id, line)
            }
        }
        var last: HistoryID?
        for event in entry.events where event.history != last {
            last = event.history
            if !created.contains(event.history) { try prepare(event.history, line) }
        }
        for deletion in entry.deletions { try prepare(deletion, line) }
        for release in entry.releases {
            if let slot = slots[release.history] { _ = try opened(slot) }
        }
        let claims = entry.events.count { $0.kind == .claim }
        guard claims == entry.leases.count, claims == 0 || entry.worker != nil else {
            throw misfit(line, "its claims don't fit its leases")
        }
    }

    private mutating func prepare(_ id: HistoryID, _ line: Line) throws(StoreError) {
        guard let slot = slots[id] else { throw misfit(line, "there is no \(id)") }
        _ = try opened(slot)
    }

    private func misfit(_ line: Line, _ detail: String) -> StoreError {
        StoreError(.corrupt, subject: "journal, position \(line.position)", detail: detail)
    }

    // MARK: - Applying

    /// - Parameter appended: how many events come to its history with it.
    private mutating func apply(_ change: SummaryChange, appended: Int64) {
        switch change {
        case .create(var summary):
            summary.lease = nil
            if appended > 0 { summary.folded.asOf = appended }
            _ = insert(summary, OpenHistory(summary: summary, lease: nil))
        case .update(var update):
            guard let slot = slots[update.id], let open = entries[Int(slot)].open else { return }
            if appended > 0 { update.folded?.asOf = entries[Int(slot)].lastSequence + appended }
            changeSummary(slot, open, open.summary.applying(update))
        }
    }

    /// - Returns: a receipt with the sequences and the last position.
    private mutating func append(_ entry: JournalEntry, _ line: Line) -> Receipt {
        var receipt = Receipt()
        var position = line.position
        var grants = entry.leases.makeIterator()
        var last: (history: HistoryID, slot: Int32, open: OpenHistory)?
        for event in entry.events {
            if last?.history != event.history {
                guard let slot = slots[event.history], let open = entries[Int(slot)].open else { continue }
                last = (event.history, slot, open)
                let next = entries[Int(slot)].lastSequence + 1
                receipt.sequences.append(next...next)
                append(event, to: slot, open, at: position, line, isMark: true)
            } else if let (_, slot, open) = last {
                let first = receipt.sequences.removeLast().lowerBound
                receipt.sequences.append(first...(entries[Int(slot)].lastSequence + 1))
                append(event, to: slot, open, at: position, line, isMark: false)
            }
            if event.kind == .claim, let grant = grants.next(), let worker = entry.worker, let (_, slot, open) = last {
                give(grant, of: slot, open, to: worker.info, by: line.id)
            }
            receipt.position = FeedPosition(rawValue: position)
            position += 1
        }
        return receipt
    }

    private mutating func append(
        _ event: JournalEntry.Event, to slot: Int32, _ open: OpenHistory, at position: Int64, _ line: Line, isMark: Bool
    ) {
        entries[Int(slot)].lastSequence += 1
        open.rows.append(Int32(rows.count))
        rows.append(
            EventRow(
                position: position, slot: slot, kind: event.kind, isMark: isMark,
                task: event.task.map { tasks.number(of: $0) } ?? -1, sequence: entries[Int(slot)].lastSequence,
                segment: line.segment, length: Int32(event.range.count),
                offset: line.textOffset + Int64(event.range.lowerBound), changeset: line.id))
        if !event.blobs.isEmpty { open.blobs.formUnion(event.blobs) }
    }

    private mutating func give(
        _ grant: JournalEntry.Grant, of slot: Int32, _ open: OpenHistory, to worker: WorkerInfo, by claim: ChangesetID
    ) {
        let sequence = entries[Int(slot)].lastSequence
        entries[Int(slot)].token = grant.token.rawValue
        lastToken = max(lastToken, grant.token.rawValue)
        open.tokens.append((from: sequence, token: grant.token.rawValue))
        setHolder(
            of: slot,
            HeldLease(
                token: grant.token, worker: worker.id, location: worker.location, sequence: sequence,
                takenOverFrom: grant.takenOverFrom, claim: claim))
    }

    private mutating func delete(_ id: HistoryID, _ line: Line, _ receipt: inout Receipt) {
        guard let slot = slots[id], let open = entries[Int(slot)].open else { return }
        for row in open.rows { rows[Int(row)].slot = EventRow.buried }
        let sealed = entries[Int(slot)].sealedBytes
        if sealed > 0 { deletedFiles.insert(id) }
        sealedBytes -= sealed
        remove(slot, labels: open.summary.labels)
        let position = receipt.position.map { $0.rawValue + 1 } ?? line.position
        deleted[Int32(rows.count)] = id
        rows.append(
            EventRow(
                position: position, slot: EventRow.deletion, kind: .own, isMark: false, task: -1, sequence: 0,
                segment: 0, length: 0, offset: 0, changeset: line.id))
        receipt.position = FeedPosition(rawValue: position)
    }

    private mutating func release(_ release: Changeset.Release) {
        guard let slot = slots[release.history], var lease = entries[Int(slot)].open?.lease,
            lease.token == release.token
        else { return }
        lease.isReleased = true
        setHolder(of: slot, lease)
    }

    private mutating func apply(_ record: JournalEntry.RecordEntry, _ version: Int64, _ line: Line) {
        guard let content = record.content else {
            records[Bytes(record.kind)]?.remove(Bytes(record.key))
            return
        }
        let place = FilePlace(
            segment: line.segment, length: Int32(content.range.count),
            offset: line.textOffset + Int64(content.range.lowerBound))
        records[Bytes(record.kind), default: RecordKind()].put(
            Bytes(record.key),
            StoredRecord(version: version, orderKey: content.orderKey, expiresAt: content.expiresAt, body: place))
    }
}
