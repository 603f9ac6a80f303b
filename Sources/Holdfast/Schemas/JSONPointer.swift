/// A path into a JSON value (RFC 6901).
struct JSONPointer: Sendable, Hashable {
    enum Token: Sendable, Hashable {
        case name(String)
        case index(Int)
    }

    var tokens: [Token] = []

    /// `/a~1b/0`; empty for the whole value.
    var text: String { tokens.map { "/" + $0.escaped }.joined() }
}

extension JSONPointer.Token {
    var escaped: String {
        switch self {
        case .name(let name): Self.escaped(name)
        case .index(let index): String(index)
        }
    }

    // By bytes: a slash with a combining character behind it is still a slash.

    private static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == tilde || $0 == slash }) else { return name }
        let bytes = name.utf8.flatMap { byte in
            byte == tilde ? [tilde, zero] : byte == slash ? [tilde, zero + 1] : [byte]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The tokens of a pointer's text, their escapes resolved.
    fileprivate static func names(in pointer: String) -> [String] {
        pointer.utf8.split(separator: slash, omittingEmptySubsequences: false).dropFirst().map { part in
            var bytes: [UInt8] = []
            for byte in part {
                if bytes.last == tilde, byte == zero || byte == zero + 1 {
                    bytes[bytes.count - 1] = byte == zero ? resolvedTilde : slash
                } else {
                    bytes.append(byte)
                }
            }
            return String(decoding: bytes.map { $0 == resolvedTilde ? tilde : $0 }, as: UTF8.self)
        }
    }

    private static let tilde = UInt8(ascii: "~")
    private static let slash = UInt8(ascii: "/")
    private static let zero = UInt8(ascii: "0")
    /// Stands for a tilde that begins no escape; UTF-8 has no such byte.
    private static let resolvedTilde: UInt8 = 0xFF
}

extension JSONValue {
    /// The part that a pointer leads to, and the pointer with its indices told from names; nil when there is none.
    /// - Parameter text: of a pointer, empty or beginning with a slash.
    func part(at text: String) -> (value: JSONValue, pointer: JSONPointer)? {
        guard text.isEmpty || text.utf8.first == UInt8(ascii: "/") else { return nil }
        var value = self
        var pointer = JSONPointer()
        for name in JSONPointer.Token.names(in: text) {
            guard let (part, token) = value.part(name) else { return nil }
            value = part
            pointer.tokens.append(token)
        }
        return (value, pointer)
    }

    private func part(_ name: String) -> (JSONValue, JSONPointer.Token)? {
        switch self {
        case .object(let members): return members[name].map { ($0, .name(name)) }
        case .array(let elements):
            guard let index = Int(name), String(index) == name, elements.indices.contains(index) else { return nil }
            return (elements[index], .index(index))
        default: return nil
        }
    }
}
