// Responses that are shown elsewhere, come from another system or go to one.

extension CacheView {
    /// The keys of the responses that have not expired, as hexadecimal digests; reads a small record for each.
    package func keys() async throws(StoreError) -> Set<String> {
        let now = views.clock.now()
        var keys: Set<String> = []
        var query = RecordQuery(kind: CacheUse.kind, limit: RecordQuery.maximumLimit)
        repeat {
            let page = try await store.records(query)
            for record in page.elements where try !CacheUse(record).isExpired(at: now) { keys.insert(record.key) }
            query.cursor = page.nextCursor
        } while query.cursor != nil
        return keys
    }

    /// The response, without counting as a hit.
    package func peek(_ key: CacheKey) async throws(StoreError) -> JSONValue? {
        guard let record = try await record(CacheEntry.kind, key.digest.hexadecimal) else { return nil }
        return try await value(of: record)
    }

    /// Takes over a response under a key that has none. Makes no room: the next response that is set does.
    /// - Throws: `tooLarge` for a value over 8 MiB.
    package func addImported(_ key: CacheKey, _ value: JSONValue) async throws(StoreError) {
        let bytes = value.encoded()
        guard bytes.count <= Self.maximumSize else {
            throw StoreError(
                .tooLarge, subject: "cached response \(key)", detail: "at most \(Self.maximumSize) bytes are kept")
        }
        let now = views.clock.now()
        let entry = CacheEntry(key, value, bytes: bytes, createdAt: now, expiresAt: nil)
        let use = CacheUse(key, size: Int64(bytes.count), pieces: entry.pieces, createdAt: now, expiresAt: nil)
        try await retryingConflicts { () throws(StoreError) in
            var totals = try await totals()
            totals.add(use)
            let records = entry.records.map { RecordChange.put($0, expectedVersion: nil) }
            _ = try await store.commit(
                Changeset(records: records + [.put(use.record, expectedVersion: 0)] + totals.changes))
        }
    }
}
