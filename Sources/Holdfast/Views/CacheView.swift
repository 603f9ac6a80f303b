/// Responses of what is dear to ask again, by a digest of what was asked.
///
/// It holds so much: `CacheLimits`, kept in the store. What was used the longest time ago makes room for what is set. A hit is a
/// use; each of the first 32 of a response is written, of later ones one in 16, which counts for 16.
public struct CacheView: Sendable {
    /// Bytes of a value's compact JSON.
    public static let maximumSize = 8 * 1024 * 1024
    /// Responses that go in one commit.
    private static let batch = 200

    let views: Views
    var store: any Store { views.store }

    init(_ views: Views) { self.views = views }
}

// MARK: - Reading

extension CacheView {
    /// The response, if it is there and has not expired. Counts as a hit.
    public func get(_ key: CacheKey) async throws(StoreError) -> CachedResponse? {
        guard let record = try await record(CacheEntry.kind, key.digest.hexadecimal),
            let value = try await value(of: record)
        else { return nil }
        let use = try await noteHit(key)
        let reader = try ObjectReader(record.body, subject: "cache record \(quoted(record.key))")
        return CachedResponse(
            key: key, value: value, createdAt: try reader.required("created_at", reader.timestamp),
            expiresAt: record.expiresAt, hits: use?.hits ?? 0, size: use?.size ?? Int64(value.encoded().count))
    }

    /// Nil when a piece has gone since.
    func value(of record: Record) async throws(StoreError) -> JSONValue? {
        guard let pieces = record.body["pieces"]?.intValue else { return record.body["value"] }
        var text = ""
        for index in 0..<Int(pieces) {
            let key = CacheEntry.pieceKey(record.key, index)
            guard let piece = try await self.record(CacheEntry.pieceKind, key)?.body.stringValue else { return nil }
            text += piece
        }
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: text)
        } catch {
            throw StoreError(.corrupt, subject: "cached response \(record.key)", detail: "it is no JSON", cause: error)
        }
    }

    /// - Returns: the use as it was before.
    private func noteHit(_ key: CacheKey) async throws(StoreError) -> CacheUse? {
        guard let first = try await use(key) else { return nil }
        let isLate = first.hits >= CacheUse.exactHits
        if isLate, Int.random(in: 0..<CacheUse.laterHits) > 0 { return first }
        return try await retryingConflicts { () throws(StoreError) in
            guard let before = try await use(key) else { return first }
            var after = before
            after.hits += isLate ? CacheUse.laterHits : 1
            after.lastUsedAt = max(views.clock.now(), before.lastUsedAt)
            _ = try await store.commit(
                Changeset(records: [.put(after.record, expectedVersion: before.recordVersion)]))
            return before
        }
    }

    /// What there is; reads a small record for each response.
    public func statistics() async throws(StoreError) -> CacheStatistics {
        var statistics = CacheStatistics()
        statistics.limits = try await limits()
        let now = views.clock.now()
        var query = RecordQuery(
            kind: CacheUse.kind, .orderKeys(from: nil, to: nil), limit: RecordQuery.maximumLimit)
        repeat {
            let page = try await store.records(query)
            for record in page.elements { statistics.add(try CacheUse(record), at: now) }
            query.cursor = page.nextCursor
        } while query.cursor != nil
        return statistics
    }

    func record(_ kind: String, _ key: String) async throws(StoreError) -> Record? {
        try await store.records(RecordQuery(kind: kind, .key(key), limit: 1)).elements.first
    }

    private func use(_ key: CacheKey) async throws(StoreError) -> CacheUse? {
        guard let record = try await record(CacheUse.kind, key.digest.hexadecimal) else { return nil }
        return try CacheUse(record)
    }

    func totals() async throws(StoreError) -> CacheTotals {
        try CacheTotals(try await store.records(RecordQuery(kind: CacheTotals.kind)).elements)
    }
}

extension CacheStatistics {
    fileprivate mutating func add(_ use: CacheUse, at now: Timestamp) {
        guard !use.isExpired(at: now) else { return expired += 1 }
        entries += 1
        bytes += use.size
        hits += use.hits
        oldestUse = min(oldestUse ?? use.lastUsedAt, use.lastUsedAt)
    }
}

// MARK: - Writing

extension CacheView {
    /// Keeps a response, in place of an earlier one under the same key, whose hits are forgotten.
    /// - Parameter timeToLive: how long it can be found; nil: until its room is needed.
    /// - Throws: `tooLarge` for a value over 8 MiB, or over what the cache may hold; `invalid` for one that is no JSON.
    public func set(
        _ key: CacheKey, _ value: JSONValue, timeToLive: Duration? = nil
    ) async throws(StoreError) {
        if let problem = value.problem {
            throw StoreError(.invalid, subject: "cached response \(key)", detail: problem)
        }
        let bytes = value.encoded()
        let limits = try await limits()
        guard bytes.count <= min(Int64(Self.maximumSize), limits.bytes) else {
            throw StoreError(
                .tooLarge, subject: "cached response \(key)",
                detail: "it has \(bytes.count) bytes, at most \(min(Int64(Self.maximumSize), limits.bytes)) are kept")
        }
        let now = views.clock.now()
        let expiresAt = timeToLive.map { now + $0 }
        let entry = CacheEntry(key, value, bytes: bytes, createdAt: now, expiresAt: expiresAt)
        let use = CacheUse(
            key, size: Int64(bytes.count), pieces: entry.pieces, createdAt: now, expiresAt: expiresAt)
        try await makeRoom(for: use, limits)
        try await retryingConflicts { () throws(StoreError) in
            let earlier = try await self.use(key)
            var totals = try await totals()
            if let earlier { totals.remove(earlier) }
            totals.add(use)
            var changeset = Changeset()
            changeset.records = entry.records.map { .put($0, expectedVersion: nil) }
            changeset.records.append(.put(use.record, expectedVersion: earlier?.recordVersion ?? 0))
            changeset.records += earlier?.pieceRemoval(from: use.pieces) ?? []
            changeset.records += totals.changes
            _ = try await store.commit(changeset)
        }
    }

    /// Forgets a response; that there is none is no error.
    /// - Returns: whether it could be found.
    @discardableResult
    public func delete(_ key: CacheKey) async throws(StoreError) -> Bool {
        try await retryingConflicts { () throws(StoreError) in
            guard let use = try await use(key) else { return false }
            var totals = try await totals()
            totals.remove(use)
            _ = try await store.commit(Changeset(records: use.removal + totals.changes))
            return !use.isExpired(at: views.clock.now())
        }
    }

    /// Forgets all responses that are there when it is called.
    /// - Returns: how many could be found.
    @discardableResult
    public func clear() async throws(StoreError) -> Int {
        let now = views.clock.now()
        var count = 0
        while true {
            let removed = try await removeOldest(until: (now + .milliseconds(1)).description) { _ in false }
            guard !removed.isEmpty else { return count }
            count += removed.count { !$0.isExpired(at: now) }
        }
    }

    /// Makes room, the least recently used first, for one more. Those that are set at the same time elsewhere may take the cache
    /// over its limits by themselves; the next one makes up for it.
    private func makeRoom(for new: CacheUse, _ limits: CacheLimits) async throws(StoreError) {
        while true {
            var totals = try await totals()
            if let earlier = try await use(new.key) { totals.remove(earlier) }
            totals.add(new)
            guard !limits.hold(totals) else { return }
            let removed = try await removeOldest { removed in
                var rest = totals
                for use in removed where use.key != new.key { rest.remove(use) }
                return limits.hold(rest)
            }
            guard !removed.isEmpty else { return }
        }
    }

    /// Removes up to a batch of those that were used the longest time ago, in one commit.
    /// - Parameters:
    ///   - end: only what was used before, as an order key.
    ///   - isEnough: asked with those that are to go so far.
    private func removeOldest(
        until end: String? = nil, _ isEnough: ([CacheUse]) -> Bool
    ) async throws(StoreError) -> [CacheUse] {
        try await retryingConflicts { () throws(StoreError) in
            let page = try await store.records(
                RecordQuery(kind: CacheUse.kind, .orderKeys(from: nil, to: end), limit: Self.batch))
            var totals = try await totals()
            if page.elements.isEmpty, end == nil { totals.reset() }
            var removed: [CacheUse] = []
            for record in page.elements where !isEnough(removed) { removed.append(try CacheUse(record)) }
            for use in removed { totals.remove(use) }
            let changes = removed.flatMap(\.removal) + totals.changes
            if !changes.isEmpty { _ = try await store.commit(Changeset(records: changes)) }
            return removed
        }
    }
}

// MARK: - Limits

extension CacheView {
    /// What the cache may hold.
    public func limits() async throws(StoreError) -> CacheLimits {
        guard let record = try await record(CacheLimits.kind, CacheLimits.key) else { return CacheLimits() }
        return try CacheLimits(record)
    }

    /// Changes what the cache may hold, for everyone who uses the store. What is too much goes when the next response is set.
    /// - Throws: `invalid` for limits below 1.
    public func limit(to limits: CacheLimits) async throws(StoreError) {
        guard limits.entries >= 1, limits.bytes >= 1 else {
            throw StoreError(.invalid, subject: "cache limits", detail: "use 1 or more; clear empties the cache")
        }
        _ = try await store.commit(Changeset(records: [.put(limits.record, expectedVersion: nil)]))
    }
}

extension CacheLimits {
    fileprivate func hold(_ totals: CacheTotals) -> Bool {
        totals.entries <= Int64(entries) && totals.bytes <= bytes
    }
}
