/// Why a text is no JSON, and where.
public struct JSONSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Bytes from the start of the text.
    public let offset: Int
    public let reason: String

    public var description: String { "\(reason) at byte \(offset)" }
}

extension JSONValue {
    /// Arrays and objects nested deeper than this are refused.
    public static let maximumDepth = 512

    /// Parses one JSON text (RFC 8259), strictly: UTF-8 only, no repeated member names, nothing after the value.
    ///
    /// A number that neither a 64-bit integer nor a finite double can hold is refused rather than changed.
    public init(parsing text: String) throws(JSONSyntaxError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// Parses the bytes of one JSON text; see `init(parsing:)`.
    public init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<JSONValue, JSONSyntaxError> in
            Result { () throws(JSONSyntaxError) in try JSONValue(parsing: buffer) }
        }
        self = try result.get()
    }

    /// Parses bytes that stay where they are during the call, for instance a column of a database row.
    /// - Parameter maximumDepth: more than the usual for what we wrapped around values that had the usual depth.
    package init(
        parsing bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int = Self.maximumDepth
    ) throws(JSONSyntaxError) {
        var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth)
        self = try parser.document()
    }
}

private struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var index = 0
    /// How many more arrays and objects may be opened within each other.
    private var allowance: Int

    init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
        self.bytes = bytes
        allowance = maximumDepth
    }

    mutating func document() throws(JSONSyntaxError) -> JSONValue {
        let value = try value()
        skipWhitespace()
        guard index == bytes.count else { throw failure("unexpected text after the value") }
        return value
    }

    private func failure(_ reason: String, at offset: Int? = nil) -> JSONSyntaxError {
        JSONSyntaxError(offset: offset ?? index, reason: reason)
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipWhitespace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private mutating func value() throws(JSONSyntaxError) -> JSONValue {
        skipWhitespace()
        switch next {
        case nil: throw failure("unexpected end")
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func literal(_ text: String, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        let start = index
        for byte in text.utf8 {
            guard next == byte else { throw failure("unexpected character", at: start) }
            index += 1
        }
        return value
    }

    private mutating func open() throws(JSONSyntaxError) {
        guard allowance > 0 else { throw failure("nested too deeply") }
        allowance -= 1
        index += 1
    }

    private mutating func object() throws(JSONSyntaxError) -> JSONValue {
        try open()
        defer { allowance += 1 }
        var members: [String: JSONValue] = [:]
        skipWhitespace()
        if next == UInt8(ascii: "}") {
            index += 1
            return .object(members)
        }
        while true {
            skipWhitespace()
            let start = index
            guard next == UInt8(ascii: "\"") else { throw failure("expected a member name") }
            let name = try string()
            skipWhitespace()
            guard next == UInt8(ascii: ":") else { throw failure("expected ':'") }
            index += 1
            let value = try value()
            guard members.updateValue(value, forKey: name) == nil else {
                throw failure("repeated member name", at: start)
            }
            guard try continues(until: UInt8(ascii: "}")) else { return .object(members) }
        }
    }

    private mutating func array() throws(JSONSyntaxError) -> JSONValue {
        try open()
        defer { allowance += 1 }
        var elements: [JSONValue] = []
        skipWhitespace()
        if next == UInt8(ascii: "]") {
            index += 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            guard try continues(until: UInt8(ascii: "]")) else { return .array(elements) }
        }
    }

    /// After a member or an element: true at a comma, false at the closing bracket.
    private mutating func continues(until bracket: UInt8) throws(JSONSyntaxError) -> Bool {
        skipWhitespace()
        guard let byte = next else { throw failure("unexpected end") }
        guard byte == UInt8(ascii: ",") || byte == bracket else { throw failure("expected ',' or a closing bracket") }
        index += 1
        return byte != bracket
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        index += 1
        let start = index
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { index += 1 }
        if next == UInt8(ascii: "\"") {
            let text = try utf8(start..<index)
            index += 1
            return text
        }
        return try escapedString(from: start)
    }

    private func utf8(_ range: Range<Int>) throws(JSONSyntaxError) -> String {
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw failure("invalid UTF-8", at: range.lowerBound)
        }
        return text
    }

    private mutating func escapedString(from start: Int) throws(JSONSyntaxError) -> String {
        var text = try utf8(start..<index)
        while true {
            guard let byte = next else { throw failure("unterminated string") }
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return text
            case UInt8(ascii: "\\"):
                index += 1
                text.unicodeScalars.append(try escape())
            case 0..<0x20: throw failure("control character in a string")
            default:
                let from = index
                while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
                    index += 1
                }
                text += try utf8(from..<index)
            }
        }
    }

    private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
        guard let byte = next else { throw failure("unterminated string") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw failure("unknown escape", at: index - 2)
        }
    }

    private mutating func unicodeEscape() throws(JSONSyntaxError) -> Unicode.Scalar {
        let start = index - 2
        let high = try hexadecimal()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard (0xD800..<0xDC00).contains(high), next == UInt8(ascii: "\\") else {
            throw failure("lone surrogate", at: start)
        }
        index += 1
        guard next == UInt8(ascii: "u") else { throw failure("lone surrogate", at: start) }
        index += 1
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        else { throw failure("lone surrogate", at: start) }
        return scalar
    }

    private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("expected four hexadecimal digits")
            }
            value = value << 4 + UInt32(digit)
            index += 1
        }
        return value
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = index
        if next == UInt8(ascii: "-") { index += 1 }
        guard let first = next, isDigit(first) else { throw failure("unexpected character", at: start) }
        let firstDigit = index
        digits()
        guard first != UInt8(ascii: "0") || index == firstDigit + 1 else { throw failure("leading zero", at: start) }
        var isInteger = true
        if next == UInt8(ascii: ".") {
            isInteger = false
            index += 1
            try requireDigits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isInteger = false
            index += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
            try requireDigits()
        }
        let text = try utf8(start..<index)
        if isInteger, let value = Int64(text) { return .int(value) }
        guard !isInteger, let value = Double(text), value.isFinite else {
            throw failure("number out of range", at: start)
        }
        return .double(value)
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private mutating func digits() {
        while let byte = next, isDigit(byte) { index += 1 }
    }

    private mutating func requireDigits() throws(JSONSyntaxError) {
        guard let byte = next, isDigit(byte) else { throw failure("expected a digit") }
        digits()
    }
}
