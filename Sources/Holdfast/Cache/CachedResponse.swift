/// A response in the cache.
public struct CachedResponse: Sendable, Hashable {
    public let key: CacheKey
    public let value: JSONValue
    public let createdAt: Timestamp
    /// From then on it is not there; nil: it stays until its room is needed.
    public let expiresAt: Timestamp?
    /// How often it was found, this time aside: exact up to `CacheUse.exactHits`, beyond that an estimate.
    public let hits: Int
    /// Bytes of the value's compact JSON.
    public let size: Int64
}

/// How much the cache may hold. When a response is set, those that were used the longest time ago make room.
public struct CacheLimits: Sendable, Hashable {
    public var entries: Int
    /// Of all values' compact JSON.
    public var bytes: Int64

    public init(entries: Int = 10_000, bytes: Int64 = 256 * 1024 * 1024) {
        self.entries = entries
        self.bytes = bytes
    }
}

/// What the cache holds.
public struct CacheStatistics: Sendable, Hashable {
    /// Those that have not expired.
    public var entries = 0
    public var bytes: Int64 = 0
    public var hits = 0
    /// Those that have, and whose room was not needed yet.
    public var expired = 0
    public var oldestUse: Timestamp?
    public var limits = CacheLimits()

    public init() {}

    public var outputJSON: JSONValue {
        [
            "entries": output(entries), "bytes": .int(bytes), "hits": output(hits), "expired": output(expired),
            "oldest_use": output(oldestUse), "max_entries": output(limits.entries), "max_bytes": .int(limits.bytes),
        ]
    }
}
