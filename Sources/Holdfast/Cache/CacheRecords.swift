// How the cache is kept: a response is a record that never changes, which a small one beside it says the use of, so that a hit
// does not rewrite what may be a megabyte. Blobs would not do: they live as long as a history names them.

/// The response itself: whole, or in pieces when it is larger than a record should be.
struct CacheEntry {
    static let kind = "cache"
    static let pieceKind = "cache_piece"
    /// Bytes of a value that is kept whole, and of a piece; as a JSON string it at most doubles.
    static let pieceSize = 512 * 1024

    /// First the entry, then its pieces.
    let records: [Record]
    let pieces: Int

    init(_ key: CacheKey, _ value: JSONValue, bytes: [UInt8], createdAt: Timestamp, expiresAt: Timestamp?) {
        let name = key.digest.hexadecimal
        var body: [String: JSONValue] = ["created_at": .int(createdAt.milliseconds)]
        body["expires_at"] = expiresAt.map { .int($0.milliseconds) }
        var texts: [String] = []
        if bytes.count > Self.pieceSize {
            texts = Record.pieces(of: bytes, size: Self.pieceSize)
            body["pieces"] = .int(Int64(texts.count))
        } else {
            body["value"] = value
        }
        pieces = texts.count
        let entry = Record(kind: Self.kind, key: name, expiresAt: expiresAt, body: .object(body))
        records =
            [entry]
            + texts.enumerated().map { index, text in
                Record(
                    kind: Self.pieceKind, key: Self.pieceKey(name, index), expiresAt: expiresAt, body: .string(text))
            }
    }

    static func pieceKey(_ name: String, _ index: Int) -> String { "\(name)/\(index)" }
}

/// How a response is used: what makes room is found by it.
struct CacheUse {
    static let kind = "cache_use"
    /// Each of the first hits is written; of later ones one in `laterHits`, which counts for so many.
    static let exactHits = 32
    static let laterHits = 16

    let key: CacheKey
    var hits = 0
    let size: Int64
    let pieces: Int
    var lastUsedAt: Timestamp
    let createdAt: Timestamp
    let expiresAt: Timestamp?
    /// Of its record; 0 before it is put.
    var recordVersion: Int64 = 0

    init(
        _ key: CacheKey, size: Int64, pieces: Int, createdAt: Timestamp, expiresAt: Timestamp?
    ) {
        self.key = key
        self.size = size
        self.pieces = pieces
        lastUsedAt = createdAt
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    init(_ record: Record) throws(StoreError) {
        let reader = try ObjectReader(record.body, subject: "cache record \(quoted(record.key))")
        guard let digest = Digest(hexadecimal: record.key) else { throw reader.failure("its key is no SHA-256") }
        key = CacheKey(digest: digest)
        hits = Int(try reader.int("hits") ?? 0)
        size = try reader.required("size", reader.int)
        pieces = Int(try reader.int("pieces") ?? 0)
        lastUsedAt = try reader.required("last_used_at", reader.timestamp)
        createdAt = try reader.required("created_at", reader.timestamp)
        expiresAt = try reader.timestamp("expires_at")
        recordVersion = record.version
    }

    var record: Record {
        var body: [String: JSONValue] = [
            "hits": .int(Int64(hits)), "size": .int(size), "pieces": .int(Int64(pieces)),
            "last_used_at": .int(lastUsedAt.milliseconds), "created_at": .int(createdAt.milliseconds),
        ]
        body["expires_at"] = expiresAt.map { .int($0.milliseconds) }
        return Record(
            kind: Self.kind, key: key.digest.hexadecimal, orderKey: lastUsedAt.description, body: .object(body))
    }

    func isExpired(at time: Timestamp) -> Bool { expiresAt.map { $0 <= time } ?? false }

    /// What removes the response with all that belongs to it.
    var removal: [RecordChange] {
        let name = key.digest.hexadecimal
        return [
            .delete(kind: Self.kind, key: name, expectedVersion: recordVersion),
            .delete(kind: CacheEntry.kind, key: name, expectedVersion: nil),
        ] + pieceRemoval(from: 0)
    }

    func pieceRemoval(from first: Int) -> [RecordChange] {
        (first..<max(first, pieces)).map { index in
            .delete(
                kind: CacheEntry.pieceKind, key: CacheEntry.pieceKey(key.digest.hexadecimal, index),
                expectedVersion: nil)
        }
    }
}

/// How much there is: kept, not counted. One of sixteen records, by the first digit of the key, so that responses that are
/// set at the same time seldom stand in each other's way.
struct CacheTotals {
    static let kind = "cache_totals"

    struct Shard {
        var entries: Int64 = 0
        var bytes: Int64 = 0
        var recordVersion: Int64 = 0
        var isChanged = false
    }

    private var shards: [String: Shard] = [:]

    init(_ records: [Record]) throws(StoreError) {
        for record in records {
            let reader = try ObjectReader(record.body, subject: "cache record \(quoted(record.key))")
            shards[record.key] = Shard(
                entries: try reader.required("entries", reader.int), bytes: try reader.required("bytes", reader.int),
                recordVersion: record.version)
        }
    }

    var entries: Int64 { shards.values.reduce(0) { $0 + $1.entries } }
    var bytes: Int64 { shards.values.reduce(0) { $0 + $1.bytes } }

    mutating func add(_ use: CacheUse) { change(use, by: 1) }
    mutating func remove(_ use: CacheUse) { change(use, by: -1) }

    private mutating func change(_ use: CacheUse, by sign: Int64) {
        let name = String(use.key.digest.hexadecimal.prefix(1))
        var shard = shards[name] ?? Shard()
        shard.entries = max(0, shard.entries + sign)
        shard.bytes = max(0, shard.bytes + sign * use.size)
        shard.isChanged = true
        shards[name] = shard
    }

    /// For when nothing is left.
    mutating func reset() {
        for name in shards.keys {
            shards[name]?.entries = 0
            shards[name]?.bytes = 0
            shards[name]?.isChanged = true
        }
    }

    /// What writes the changed ones, on the condition that nobody else has.
    var changes: [RecordChange] {
        shards.sorted { $0.key < $1.key }.filter(\.value.isChanged).map { name, shard in
            .put(
                Record(
                    kind: Self.kind, key: name, body: ["entries": .int(shard.entries), "bytes": .int(shard.bytes)]),
                expectedVersion: shard.recordVersion)
        }
    }
}

extension CacheLimits {
    static let kind = "cache_limits"
    static let key = "limits"

    var record: Record {
        Record(kind: Self.kind, key: Self.key, body: ["entries": .int(Int64(entries)), "bytes": .int(bytes)])
    }

    init(_ record: Record) throws(StoreError) {
        let reader = try ObjectReader(record.body, subject: "cache record \(quoted(record.key))")
        self.init(
            entries: Int(try reader.required("entries", reader.int)), bytes: try reader.required("bytes", reader.int))
    }
}
