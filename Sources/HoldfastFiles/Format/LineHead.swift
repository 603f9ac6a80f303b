import Holdfast

/// How every line of the journal begins: `{"id":"<checksum><changeset>","at":<position>`.
///
/// The checksum is the CRC-32C of all that follows it in the line, seeded with the generation of the file and the line's
/// position, its four bytes from the highest on as six characters of base64url. A line that begins a batch says `at`: all before it was on the disk when it was
/// written. One that was written together with the line before it says `in`.
struct LineHead: Hashable {
    var id: ChangesetID
    var position: Int64
    var beginsBatch: Bool
    /// Where what the line says begins.
    var size = 0

    static let opening: StaticString = "{\"id\":\""
    static let checksumStart = 7
    static let checksumSize = 6
    static let checkedFrom = checksumStart + checksumSize
    /// No line is shorter.
    static let leastSize = checkedFrom + ChangesetID.textSize + 9
}

extension LineHead {
    /// Adds a whole line, with the newline.
    /// - Parameters:
    ///   - extra: what the committer has to say before the text.
    ///   - text: from a comma or the closing brace on.
    /// - Returns: where the text begins, counted from the beginning of the line.
    static func addLine(
        to buffer: inout [UInt8], _ id: ChangesetID, at position: Int64, beginsBatch: Bool, generation: UInt64,
        extra: LineText? = nil, text: LineText
    ) -> Int {
        let start = buffer.count
        var head = LineText(reserving: 32)
        head.raw(beginsBatch ? "\",\"at\":" : "\",\"in\":")
        head.number(position)
        opening.withUTF8Buffer { buffer.append(contentsOf: $0) }
        buffer.append(contentsOf: repeatElement(UInt8(ascii: "A"), count: checksumSize))
        id.withText { buffer.append(contentsOf: $0) }
        buffer.append(contentsOf: head.bytes)
        if let extra { buffer.append(contentsOf: extra.bytes) }
        let textStart = buffer.count - start
        buffer.append(contentsOf: text.bytes)
        seal(&buffer, from: start, generation: generation, position: position)
        buffer.append(UInt8(ascii: "\n"))
        return textStart
    }

    /// Puts the checksum into the line that goes from `start` to the end of the buffer.
    static func seal(_ buffer: inout [UInt8], from start: Int, generation: UInt64, position: Int64) {
        buffer.withUnsafeMutableBytes { bytes in
            let checked = UnsafeRawBufferPointer(rebasing: bytes[(start + checkedFrom)...])
            let checksum = CRC32C.checksum(of: checked, generation: generation, position: position)
            // The last character holds two bits and four zeros.
            let bits = UInt64(checksum) << 4
            for digit in 0..<checksumSize {
                bytes[start + checksumStart + digit] = Base64Digit.text(of: bits >> UInt64(30 - 6 * digit) & 63)
            }
        }
    }

    /// Reads the head of a line and checks the whole line.
    /// - Parameter line: without its newline.
    init(_ line: UnsafeRawBufferPointer, generation: UInt64) throws(LineProblem) {
        try self.init(unchecked: line)
        let checked = UnsafeRawBufferPointer(rebasing: line[Self.checkedFrom...])
        guard CRC32C.checksum(of: checked, generation: generation, position: position) == Self.checksum(in: line) else {
            throw LineProblem("its checksum is that of another text")
        }
    }

    /// Reads the head of a line that may be damaged.
    init(unchecked line: UnsafeRawBufferPointer) throws(LineProblem) {
        guard line.count >= Self.leastSize,
            Self.opening.withUTF8Buffer({ $0.elementsEqual(line[..<Self.checksumStart]) })
        else { throw LineProblem("it does not begin as a line of the journal") }
        let idEnd = Self.checkedFrom + ChangesetID.textSize
        guard let id = ChangesetID(text: UnsafeRawBufferPointer(rebasing: line[Self.checkedFrom..<idEnd])) else {
            throw LineProblem("its id is none")
        }
        self.id = id
        var reader = LineReader(line, from: idEnd)
        try reader.expect(UInt8(ascii: "\""))
        try reader.expect(UInt8(ascii: ","))
        switch try reader.name() {
        case "at": beginsBatch = true
        case "in": beginsBatch = false
        default: throw LineProblem("its position is missing")
        }
        position = try reader.int()
        size = reader.index
    }

    /// Nil: the characters can't be a checksum.
    private static func checksum(in line: UnsafeRawBufferPointer) -> UInt32? {
        var bits: UInt64 = 0
        for byte in line[checksumStart..<checkedFrom] {
            guard let digit = Base64Digit.bits(of: byte) else { return nil }
            bits = bits << 6 | digit
        }
        return bits & 15 == 0 ? UInt32(truncatingIfNeeded: bits >> 4) : nil
    }
}
