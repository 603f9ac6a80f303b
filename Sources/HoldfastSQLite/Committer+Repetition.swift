import Holdfast

// How a changeset that is committed again is known.

extension Committer {
    private static var rememberedFor: Duration { .seconds(24 * 3600) }

    /// What the same changeset came to, if it was committed before.
    func earlierReceipt(of encoded: EncodedChangeset) throws(SQLiteFailure) -> Receipt? {
        if encoded.isRemembered, let receipt = try rememberedReceipt(of: encoded.changeset.id) { return receipt }
        guard let first = encoded.changeset.appends.first, let head = try head(of: first.history),
            head.sequence > first.lastKnown,
            let mark = try mark(of: encoded.changeset.id, in: head.key, after: max(0, first.lastKnown))
        else { return nil }
        return try receipt(of: encoded.changeset, from: mark.position, firstSequence: mark.sequence)
    }

    /// The entries of a changeset stand one behind the other in the feed.
    private func receipt(
        of changeset: Changeset, from position: Int64, firstSequence: Int64
    ) throws(SQLiteFailure) -> Receipt {
        var receipt = Receipt(versions: changeset.records.map { _ in 0 })
        var next = position
        for append in changeset.appends {
            let stored = try connection.integer("SELECT sequence FROM event WHERE position = ?1", next)
            let sequence = next == position ? firstSequence : stored ?? append.lastKnown + 1
            receipt.sequences.append(sequence...sequence + Int64(append.events.count) - 1)
            next += Int64(append.events.count)
        }
        receipt.position = FeedPosition(rawValue: next + Int64(changeset.deletions.count) - 1)
        return receipt
    }

    func remember(_ receipt: Receipt, of changeset: ChangesetID) throws(SQLiteFailure) {
        // A few at a time, so that no commit pays for a busy day.
        try connection.run(
            """
            DELETE FROM remembered WHERE (tenant, changeset) IN
                (SELECT tenant, changeset FROM remembered WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 10)
            """, now)
        try connection.run(
            "INSERT OR REPLACE INTO remembered (tenant, changeset, receipt, expires_at) VALUES (?1, ?2, ?3, ?4)",
            tenant, changeset, UTF8Text(bytes: receipt.json.encoded()), now + Self.rememberedFor)
    }

    private func rememberedReceipt(of changeset: ChangesetID) throws(SQLiteFailure) -> Receipt? {
        let statement = try connection.prepared(
            "SELECT receipt FROM remembered WHERE tenant = ?1 AND changeset = ?2 AND expires_at > ?3")
        statement.bind(tenant, changeset, now)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        return try decodingStored { () throws(StoreError) in
            try Receipt(json: try JSONValue(stored: statement.bytes(0), subject: "receipt"))
        }
    }
}

extension Receipt {
    fileprivate var json: JSONValue {
        [
            "sequences": .array(sequences.map { [.int($0.lowerBound), .int($0.upperBound)] }),
            "versions": .array(versions.map { .int($0) }),
            "position": position.map { .int($0.rawValue) } ?? .null,
        ]
    }

    fileprivate init(json: JSONValue) throws(StoreError) {
        let reader = try ObjectReader(json, subject: "remembered receipt")
        var sequences: [ClosedRange<Int64>] = []
        for pair in try reader.array("sequences") ?? [] {
            guard let first = pair[0]?.intValue, let last = pair[1]?.intValue, first <= last else {
                throw reader.failure("a range is none")
            }
            sequences.append(first...last)
        }
        self.init(
            sequences: sequences, versions: (try reader.array("versions") ?? []).compactMap(\.intValue),
            position: try reader.int("position").map(FeedPosition.init(rawValue:)))
    }
}
