import Holdfast

// Committing in two phases: every condition is checked against the contents as they are, then everything is written.

extension Contents {
    mutating func commit(_ changeset: Changeset, at now: Timestamp) throws(StoreError) -> Receipt {
        let records = changeset.reads.map { Result<Record?, StoreError>.success(record($0, at: now)) }
        var receipt =
            if let earlier = earlierReceipt(of: changeset) { earlier } else { try checkAndWrite(changeset, at: now) }
        receipt.records = records
        return receipt
    }

    private mutating func checkAndWrite(_ changeset: Changeset, at now: Timestamp) throws(StoreError) -> Receipt {
        for append in changeset.appends { try check(append) }
        for change in changeset.summaries { try check(change) }
        for change in changeset.records { try check(change, at: now) }
        for deletion in changeset.deletions { try checkFence(deletion.history, token: deletion.token) }
        return write(changeset, at: now)
    }

    /// What the same changeset came to, if it was committed before.
    private func earlierReceipt(of changeset: Changeset) -> Receipt? {
        if changeset.appends.isEmpty { return receipts[changeset.id]?.receipt }
        for append in changeset.appends {
            let later = histories[append.history]?.events.dropFirst(Int(max(0, append.lastKnown))) ?? []
            if let origin = later.lazy.compactMap(\.origin).first(where: { $0.changeset == changeset.id }) {
                return origin.receipt
            }
        }
        return nil
    }
}

// MARK: - Checking

extension Contents {
    private func check(_ append: Changeset.Append) throws(StoreError) {
        let subject = append.history.description
        for digest in append.events.flatMap(\.payload.blobs) where blobs[digest] == nil {
            throw StoreError(.notFound, subject: "blob \(digest)", detail: "named by \(subject); write it first")
        }
        let isCreation = append.events.first?.payload.isFirst == true
        guard let history = histories[append.history] else {
            guard isCreation else { throw StoreError(.notFound, subject: subject) }
            let needsToken = append.events.dropFirst().contains { !$0.payload.isRequest }
            guard !needsToken else { throw leaseLost(subject) }
            return
        }
        guard !isCreation else { throw StoreError(.alreadyExists, subject: subject) }
        if append.events.contains(where: { !$0.payload.isRequest }) {
            try checkFence(append.history, token: append.token)
        }
        guard !append.requiresLastKnown || history.lastSequence == append.lastKnown else {
            throw StoreError(
                .conflict, subject: subject,
                detail: "it ends at event \(history.lastSequence), not at \(append.lastKnown)")
        }
    }

    private func check(_ change: SummaryChange) throws(StoreError) {
        switch change {
        case .create(let summary):
            guard histories[summary.id] == nil else {
                throw StoreError(.alreadyExists, subject: summary.id.description)
            }
        case .update(let update):
            guard let history = histories[update.id] else {
                throw StoreError(.notFound, subject: update.id.description)
            }
            if update.folded != nil { try checkFence(update.id, token: update.token) }
            let state = history.summary.folded.state
            guard update.expectedStates?.contains(state) ?? true else {
                throw StoreError(.conflict, subject: update.id.description, detail: "it is \(state.rawValue)")
            }
        }
    }

    /// Own acts need the highest token ever issued for the history, whether its lease is alive or not.
    private func checkFence(_ id: HistoryID, token: LeaseToken?) throws(StoreError) {
        guard let history = histories[id] else { throw StoreError(.notFound, subject: id.description) }
        guard let token, history.lease?.token == token else { throw leaseLost(id.description) }
    }

    private func leaseLost(_ subject: String) -> StoreError {
        StoreError(.leaseLost, subject: subject, detail: "claim it first")
    }
}

// MARK: - Writing

extension Contents {
    private mutating func write(_ changeset: Changeset, at now: Timestamp) -> Receipt {
        for (index, change) in changeset.summaries.enumerated() {
            write(changeset.stampedSummary(index, head: histories[change.id]?.lastSequence ?? 0))
        }
        var receipt = Receipt()
        for append in changeset.appends { receipt.sequences.append(write(append)) }
        receipt.versions = changeset.records.map { write($0, at: now) }
        for deletion in changeset.deletions { delete(deletion.history) }
        for release in changeset.releases { self.release(release.history, token: release.token) }
        if !changeset.appends.isEmpty || !changeset.deletions.isEmpty { receipt.position = feed.last }
        remember(receipt, of: changeset, at: now)
        return receipt
    }

    private mutating func write(_ change: SummaryChange) {
        switch change {
        case .create(var summary):
            summary.lease = nil
            insertSummary(History(summary: summary))
        case .update(let update): changeSummary(update.id) { $0 = $0.applying(update) }
        }
    }

    private mutating func write(_ append: Changeset.Append) -> ClosedRange<Int64> {
        let sequences = append.events.map { new in
            let isOwn = !new.payload.isRequest && !new.payload.isFirst
            return self.append(new, to: append.history, token: isOwn ? append.token : nil)
        }
        return (sequences.first ?? 0)...(sequences.last ?? 0)
    }

    /// Gives an event the next sequence and the next position.
    mutating func append(_ new: NewEvent, to id: HistoryID, token: LeaseToken?) -> Int64 {
        let sequence = (histories[id]?.lastSequence ?? 0) + 1
        let event = Event(sequence: sequence, time: new.time, token: token, payload: new.payload)
        _ = feed.append(history: id, sequence: sequence, isRequest: new.payload.isRequest)
        histories[id]?.events.append(StoredEvent(event: event))
        histories[id]?.blobs.formUnion(new.payload.blobs)
        return sequence
    }

    private mutating func delete(_ id: HistoryID) {
        guard let history = histories[id] else { return }
        removeSummary(history)
        feed.bury(id)
    }

    private mutating func remember(_ receipt: Receipt, of changeset: Changeset, at now: Timestamp) {
        let origin = StoredEvent.Origin(changeset: changeset.id, receipt: receipt)
        for (append, sequences) in zip(changeset.appends, receipt.sequences) {
            histories[append.history]?.events[Int(sequences.lowerBound) - 1].origin = origin
        }
        guard changeset.appends.isEmpty else { return }
        receipts = receipts.filter { now - $0.value.committedAt < RememberedReceipt.age }
        receipts[changeset.id] = RememberedReceipt(receipt: receipt, committedAt: now)
    }
}
