/// A part of an answer, and how to ask for the next.
public struct Page<Element: Sendable>: Sendable {
    public var elements: [Element]
    /// Nil when there is no more.
    public var nextCursor: Cursor?
    /// How many there are in all, where the kept counts tell.
    public var total: Int?

    public init(_ elements: [Element], nextCursor: Cursor? = nil, total: Int? = nil) {
        self.elements = elements
        self.nextCursor = nextCursor
        self.total = total
    }
}

extension Page: Equatable where Element: Equatable {}

/// Where a page ended. Opaque text, bound to its query: with another one it is refused.
public struct Cursor: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    /// Takes a text that a page gave out; it is checked when it is used.
    public init(_ text: String) { self.text = text }

    public var description: String { text }
}

extension Cursor {
    /// - Parameters:
    ///   - fingerprint: the query without limit and cursor, as canonical JSON.
    ///   - keys: what the backend needs to go on.
    package init(fingerprint: JSONValue, keys: [JSONValue]) {
        let content = JSONValue.array([.string(Self.tag(of: fingerprint)), .array(keys)])
        text = content.encoded().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// The keys, if this cursor was made for that query.
    /// - Throws: `invalidCursor`.
    package func keys(fingerprint: JSONValue, count: Int) throws(StoreError) -> [JSONValue] {
        guard let bytes = decoded(), let content = try? JSONValue(parsing: bytes), case .array(let parts) = content,
            parts.count == 2, case .array(let keys) = parts[1]
        else { throw StoreError(.invalidCursor, subject: "cursor \(quoted(text))", detail: "it was cut or changed") }
        guard parts[0] == .string(Self.tag(of: fingerprint)), keys.count == count else {
            throw StoreError(
                .invalidCursor, subject: "cursor \(quoted(text))",
                detail: "it belongs to another query; ask again with the filters it came from")
        }
        return keys
    }

    private static func tag(of fingerprint: JSONValue) -> String {
        String(Digest(of: fingerprint.encoded()).hexadecimal.prefix(16))
    }

    private func decoded() -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2), digits.count <= 16_384 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Character(Unicode.Scalar(digits[index])).hexDigitValue,
                let low = Character(Unicode.Scalar(digits[index + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
