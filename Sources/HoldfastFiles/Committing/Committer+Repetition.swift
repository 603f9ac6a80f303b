import Holdfast
import HoldfastLocal

// How a changeset that is committed again is known.

extension Committer {
    /// What the same changeset came to, if it was committed before.
    func earlierReceipt(of encoded: EncodedChangeset) throws(StoreError) -> Receipt? {
        let changeset = encoded.changeset
        if encoded.isRemembered {
            let remembered = journal.withIndex { $0.receipts[changeset.id] }
            if let remembered, remembered.until > now { return remembered.receipt }
        }
        guard let first = encoded.appends.first else { return nil }
        let head = try head(of: first.history)
        guard head.isThere, head.sequence > first.lastKnown else { return nil }
        if let receipt = journal.withIndex({ $0.receipt(of: encoded) }) { return receipt }
        return try sealedReceipt(of: encoded)
    }

    /// Looks into the files of histories that were compacted.
    private func sealedReceipt(of encoded: EncodedChangeset) throws(StoreError) -> Receipt? {
        var receipt = Receipt(versions: encoded.changeset.records.map { _ in 0 })
        for append in encoded.appends {
            let sealed = journal.withIndex { index -> Int64? in
                guard let slot = index.slot(append.history) else { return nil }
                let entry = index.entries[Int(slot)]
                return entry.sealedEvents > append.lastKnown ? entry.sealedBytes : nil
            }
            guard let sealed else { return nil }
            let file = SealedHistory(append.history, bytes: sealed, in: journal.folder, on: journal.fileSystem)
            guard let found = try file.find(encoded.changeset.id, behind: append.lastKnown) else { return nil }
            receipt.sequences.append(found.sequences)
            receipt.position = FeedPosition(rawValue: found.position)
        }
        return receipt
    }
}

extension Index {
    /// The entries of a changeset stand one behind the other in the feed.
    fileprivate func receipt(of encoded: EncodedChangeset) -> Receipt? {
        guard let first = encoded.appends.first, let number = markedRow(of: encoded.changeset.id, first) else {
            return nil
        }
        var receipt = Receipt(versions: encoded.changeset.records.map { _ in 0 })
        var next = number
        for append in encoded.appends {
            guard next < rows.count else { return nil }
            let sequence = rows[next].sequence
            receipt.sequences.append(sequence...(sequence + append.count - 1))
            next += Int(append.count)
        }
        let last = rows[number].position + Int64(next - number + encoded.changeset.deletions.count) - 1
        receipt.position = FeedPosition(rawValue: last)
        return receipt
    }

    /// The row of the first event that a changeset has appended to a history behind what its caller knew.
    private func markedRow(of id: ChangesetID, _ append: EncodedChangeset.Append) -> Int? {
        guard let slot = slots[append.history], let open = entries[Int(slot)].open else { return nil }
        for number in open.rows.reversed() {
            let row = rows[Int(number)]
            if row.sequence <= append.lastKnown { return nil }
            if row.isMark, row.changeset == id { return Int(number) }
        }
        return nil
    }
}
