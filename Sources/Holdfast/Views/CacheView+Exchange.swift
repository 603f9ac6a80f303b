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

    /// Takes over responses, each under a key of its own that has none, in one commit. Makes no room: the next response that
    /// is set does.
    /// - Throws: `conflict` when another response was set, or one under these keys, at the same time.
    package func addImported(_ responses: [CacheKey: JSONValue]) async throws(StoreError) {
        guard !responses.isEmpty else { return }
        let now = views.clock.now()
        var totals = try await totals()
        var records: [RecordChange] = []
        for (key, value) in responses {
            let bytes = value.encoded()
            let entry = CacheEntry(key, value, bytes: bytes, createdAt: now, expiresAt: nil)
            let use = CacheUse(key, size: Int64(bytes.count), pieces: entry.pieces, createdAt: now, expiresAt: nil)
            records += entry.records.map { .put($0, expectedVersion: nil) }
            records.append(.put(use.record, expectedVersion: 0))
            totals.add(use)
        }
        _ = try await store.commit(Changeset(records: records + totals.changes))
    }
}
