/// Writes JSON text (RFC 8259) into bytes, without intermediate values: an event is written once, on the hot path of
/// every durable step, and Foundation's encoders cost more there than the commit's share of an fsync.
///
/// The caller keeps the text well-formed; `JSONValue.write(to:)` and the event codec are the only callers.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    /// Whether the next member or element needs a comma first.
    private var needsComma = false
    private let indentation: Int?
    private var depth = 0

    /// - Parameter indentation: spaces per level for people, or nil for compact text.
    package init(reserving capacity: Int = 256, indentation: Int? = nil) {
        self.indentation = indentation
        bytes.reserveCapacity(capacity)
    }

    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Starts a member of the open object; one value must follow.
    package mutating func key(_ name: String) {
        separate()
        appendQuoted(name)
        bytes.append(UInt8(ascii: ":"))
        if indentation != nil { bytes.append(UInt8(ascii: " ")) }
        needsComma = false
    }

    package mutating func value(_ text: String) {
        separate()
        appendQuoted(text)
        needsComma = true
    }

    package mutating func value(_ number: Int64) {
        separate()
        appendDecimal(number)
        needsComma = true
    }

    package mutating func value(_ number: Double) {
        separate()
        // JSON has no NaN or infinity; a value that came from JSON never holds one.
        bytes.append(contentsOf: number.isFinite ? Array("\(number)".utf8) : Array("null".utf8))
        needsComma = true
    }

    package mutating func value(_ flag: Bool) { literal(flag ? "true" : "false") }
    package mutating func null() { literal("null") }

    private mutating func literal(_ text: StaticString) {
        separate()
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        depth += 1
        needsComma = false
        isFirst = true
    }

    private var isFirst = true

    private mutating func close(_ bracket: UInt8) {
        depth -= 1
        if !isFirst { newLine() }
        bytes.append(bracket)
        needsComma = true
        isFirst = false
    }

    private mutating func separate() {
        if needsComma {
            bytes.append(UInt8(ascii: ","))
            newLine()
        } else if depth > 0, isFirst {
            newLine()
        }
        isFirst = false
    }

    private mutating func newLine() {
        guard let indentation else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation * depth))
    }

    private mutating func appendDecimal(_ number: Int64) {
        guard number != 0 else { return bytes.append(UInt8(ascii: "0")) }
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = bytes.count
        while rest > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }

    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var clean = 0
            for (index, byte) in utf8.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                bytes.append(contentsOf: utf8[clean..<index])
                appendEscape(byte)
                clean = index + 1
            }
            bytes.append(contentsOf: utf8[clean...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        }
    }
}

extension JSONValue {
    /// Compact JSON text with sorted keys: the canonical form.
    public var compactText: String { String(decoding: encoded(), as: UTF8.self) }

    /// JSON text for people: two spaces a level, sorted keys.
    public var prettyText: String {
        var writer = JSONWriter(indentation: 2)
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The bytes of `compactText`.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    package func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.value(value)
        case .int(let value): writer.value(value)
        case .double(let value): writer.value(value)
        case .string(let value): writer.value(value)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                writer.key(name)
                value.write(to: &writer)
            }
            writer.endObject()
        }
    }
}
