import Holdfast

/// Why a line is none of ours.
struct LineProblem: Error, Hashable {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}

/// Walks over the JSON text of one line, member by member, without making values of what is only passed over.
///
/// It takes any bytes: whatever is not as it should be ends in a `LineProblem`.
struct LineReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var index: Int
    private let end: Int

    init(_ bytes: UnsafeRawBufferPointer, from start: Int = 0, to end: Int? = nil) {
        self.bytes = bytes
        index = start
        self.end = min(end ?? bytes.count, bytes.count)
    }

    private var next: UInt8? { index < end ? bytes[index] : nil }

    mutating func expect(_ byte: UInt8) throws(LineProblem) {
        guard next == byte else {
            throw LineProblem("expected \"\(Character(Unicode.Scalar(byte)))\" at byte \(index)")
        }
        index += 1
    }

    /// Whether that byte came next; it is passed then.
    mutating func skips(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        index += 1
        return true
    }

    var isAtEnd: Bool { index == end }

    // MARK: - Objects and arrays

    /// Calls `body` with each member's name, standing on its value, which `body` has to read or to skip.
    mutating func members(_ body: (inout LineReader, Name) throws(LineProblem) -> Void) throws(LineProblem) {
        try expect(UInt8(ascii: "{"))
        if skips(UInt8(ascii: "}")) { return }
        repeat {
            let name = try name()
            try body(&self, name)
        } while skips(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    /// Calls `body` on each element.
    mutating func elements(_ body: (inout LineReader) throws(LineProblem) -> Void) throws(LineProblem) {
        try expect(UInt8(ascii: "["))
        if skips(UInt8(ascii: "]")) { return }
        repeat { try body(&self) } while skips(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    /// A member's name, still as bytes.
    struct Name {
        fileprivate let bytes: UnsafeRawBufferPointer

        static func ~= (text: StaticString, name: Name) -> Bool {
            name.bytes.count == text.utf8CodeUnitCount
                && text.withUTF8Buffer { $0.elementsEqual(name.bytes) }
        }
    }

    /// Reads a member's name and the colon.
    mutating func name() throws(LineProblem) -> Name {
        let range = try stringRange()
        try expect(UInt8(ascii: ":"))
        return Name(bytes: UnsafeRawBufferPointer(rebasing: bytes[range]))
    }

    // MARK: - Values

    mutating func int() throws(LineProblem) -> Int64 {
        let isNegative = skips(UInt8(ascii: "-"))
        let start = index
        var value: Int64 = 0
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte - UInt8(ascii: "0"))
            let (sum, overflowToo) = product.addingReportingOverflow(isNegative ? -digit : digit)
            guard !overflow, !overflowToo else { throw LineProblem("a number is too large at byte \(start)") }
            value = sum
            index += 1
        }
        guard index > start else { throw LineProblem("expected a number at byte \(start)") }
        return value
    }

    mutating func timestamp() throws(LineProblem) -> Timestamp { Timestamp(milliseconds: try int()) }

    /// Without its quotes, escapes as they are.
    private mutating func stringRange() throws(LineProblem) -> Range<Int> {
        try expect(UInt8(ascii: "\""))
        let start = index
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return start..<(index - 1)
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        throw LineProblem("a string without end at byte \(start)")
    }

    mutating func string() throws(LineProblem) -> String {
        let start = index
        let range = try stringRange()
        let content = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard content.contains(UInt8(ascii: "\\")) else {
            guard let text = String(validating: content, as: UTF8.self) else {
                throw LineProblem("a string is no UTF-8 at byte \(start)")
            }
            return text
        }
        guard case .string(let text) = try parse(start..<index) else { throw LineProblem("no string at byte \(start)") }
        return text
    }

    mutating func identifier<ID: Identifier>() throws(LineProblem) -> ID {
        let text = try string()
        guard let id = ID(rawValue: text) else { throw LineProblem("\(Holdfast.quoted(text)) is no \(ID.noun) id") }
        return id
    }

    mutating func json() throws(LineProblem) -> JSONValue { try parse(try skipValue()) }

    private func parse(_ range: Range<Int>) throws(LineProblem) -> JSONValue {
        let content = UnsafeRawBufferPointer(rebasing: bytes[range]).assumingMemoryBound(to: UInt8.self)
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: content, maximumDepth: JSONValue.maximumDepth + 16)
        } catch {
            throw LineProblem("\(error)")
        }
    }

    /// Passes over a value of any kind.
    /// - Returns: where it stands.
    @discardableResult
    mutating func skipValue() throws(LineProblem) -> Range<Int> {
        let start = index
        var depth = 0
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""): _ = try stringRange()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                index += 1
                continue
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { return try valueRange(from: start) }
                depth -= 1
                index += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { return try valueRange(from: start) }
                index += 1
                continue
            default:
                index += 1
                if let following = next, !Self.endsScalar(following) { continue }
            }
            if depth == 0 { return try valueRange(from: start) }
        }
        throw LineProblem("a value without end at byte \(start)")
    }

    private func valueRange(from start: Int) throws(LineProblem) -> Range<Int> {
        guard index > start, index <= end else { throw LineProblem("expected a value at byte \(start)") }
        return start..<index
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
    }
}
