/// A document: a DAG, a workspace, a schema, a cached response, a token, a schedule.
public struct Record: Sendable, Hashable {
    /// What it is, for instance `dag`.
    public var kind: String
    /// Unique within its kind. Keys, like order keys, are compared by their UTF-8 bytes.
    public var key: String
    /// 1, 2, 3 …; 0 before it is put.
    public var version: Int64
    /// Orders records of a kind where the key does not; nil: not in that order.
    public var orderKey: String?
    /// From then on it counts as not there, for reads and for conditions; nil: never.
    public var expiresAt: Timestamp?
    public var body: JSONValue

    /// Bytes of a kind, a key or an order key.
    public static let maximumKeySize = 1024
    /// Bytes of the body's compact JSON.
    public static let maximumBodySize = 1024 * 1024

    public init(
        kind: String, key: String, version: Int64 = 0, orderKey: String? = nil, expiresAt: Timestamp? = nil,
        body: JSONValue
    ) {
        self.kind = kind
        self.key = key
        self.version = version
        self.orderKey = orderKey
        self.expiresAt = expiresAt
        self.body = body
    }
}

/// What a record is called.
public struct RecordName: Sendable, Hashable, CustomStringConvertible {
    public var kind: String
    /// Unique within its kind.
    public var key: String

    public init(kind: String, key: String) {
        self.kind = kind
        self.key = key
    }

    public var description: String { "record \(quoted(kind)) \(quoted(key))" }

    func validate() throws(StoreError) {
        try Self.check(kind)
        try Self.check(key)
    }

    /// A kind, a key or an order key.
    static func check(_ text: String) throws(StoreError) {
        guard (1...Record.maximumKeySize).contains(text.utf8.count), !text.utf8.contains(where: { $0 < 0x20 }) else {
            throw StoreError(
                .invalid, subject: "record key \(quoted(text))", detail: "1 to 1024 bytes without control characters")
        }
    }
}

extension Record {
    public var name: RecordName { RecordName(kind: kind, key: key) }

    /// A text that is too large for one record, cut between characters: each piece goes into a record as a string.
    /// - Parameter size: of a piece, in bytes.
    static func pieces(of utf8: [UInt8], size: Int) -> [String] {
        var pieces: [String] = []
        var start = 0
        while start < utf8.count {
            var end = min(start + size, utf8.count)
            while end < utf8.count, utf8[end] & 0b1100_0000 == 0b1000_0000 { end -= 1 }
            pieces.append(String(decoding: utf8[start..<end], as: UTF8.self))
            start = end
        }
        return pieces
    }
}

public enum RecordChange: Sendable, Hashable {
    /// Writes the record, whose own version is ignored. Refused with `conflict` unless the stored version is
    /// `expectedVersion`: nil for any, 0 for none there.
    case put(Record, expectedVersion: Int64?)
    /// No error when it is not there, unless a version other than 0 is expected.
    case delete(kind: String, key: String, expectedVersion: Int64?)

    /// What is put or deleted.
    package var name: RecordName {
        switch self {
        case .put(let record, _): record.name
        case .delete(let kind, let key, _): RecordName(kind: kind, key: key)
        }
    }

    /// Nil: any.
    package var expectedVersion: Int64? {
        switch self {
        case .put(_, let expected), .delete(_, _, let expected): expected
        }
    }

    func validate() throws(StoreError) {
        try name.validate()
        guard case .put(let record, _) = self else { return }
        if let orderKey = record.orderKey { try RecordName.check(orderKey) }
        if let problem = record.body.problem {
            throw StoreError(.invalid, subject: name.description, detail: problem)
        }
        guard record.body.encoded().count > Record.maximumBodySize else { return }
        throw StoreError(.tooLarge, subject: name.description, detail: "at most 1 MiB; use a blob")
    }
}
