/// The elements of a JSON array in a file, one at a time: memory holds a piece of the file and an element.
///
/// An element whose brackets or strings do not close is given as it is, to be refused by the parser; the reader goes on at
/// the next line that begins as the first element's line did.
struct ElementReader {
    struct Element {
        /// Of its first byte, from 1.
        let line: Int
        /// Nil when it is over the limit.
        let bytes: [UInt8]?
        /// Whether the file ends in it.
        let isCutOff: Bool
    }

    private static let pieceSize = 256 * 1024
    private let file: SourceFile
    private var piece: [UInt8] = []
    private var index = 0
    private var line = 1
    /// Spaces in front of the first element, when it begins a line.
    private var indentation: Int?
    private var column = 0
    private var hasEnded = false

    /// - Throws: when the file holds no array.
    init(_ file: SourceFile) throws(Refusal) {
        self.file = file
        if try peek() != nil, piece.starts(with: JSONFile.byteOrderMark) { index = JSONFile.byteOrderMark.count }
        try skipWhitespace()
        guard try peek() == UInt8(ascii: "[") else { throw Refusal("it holds no array") }
        advance()
    }

    mutating func next() throws(Refusal) -> Element? {
        guard !hasEnded else { return nil }
        try skipWhitespace()
        while try peek() == UInt8(ascii: ",") {
            advance()
            try skipWhitespace()
        }
        guard let first = try peek() else {
            hasEnded = true
            return Element(line: line, bytes: [], isCutOff: true)
        }
        if first == UInt8(ascii: "]") {
            hasEnded = true
            return nil
        }
        if indentation == nil, isFirstOnLine { indentation = column }
        return try element()
    }

    // MARK: Bytes

    private mutating func peek() throws(Refusal) -> UInt8? {
        if index == piece.count {
            piece = try file.read(atMost: Self.pieceSize)
            index = 0
        }
        return index < piece.count ? piece[index] : nil
    }

    private var isFirstOnLine = true

    private mutating func advance() {
        let byte = piece[index]
        index += 1
        if byte == 0x0A {
            line += 1
            column = 0
            isFirstOnLine = true
        } else {
            column += 1
            if byte != 0x20 { isFirstOnLine = false }
        }
    }

    private mutating func skipWhitespace() throws(Refusal) {
        while let byte = try peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { advance() }
    }

    // MARK: One element

    private struct Scan {
        var bytes: [UInt8] = []
        var isTooLong = false
        var depth = 0
        var isInString = false
        var isEscaped = false

        mutating func keep(_ byte: UInt8) {
            bytes.append(byte)
            checkSize()
        }

        mutating func keep(_ more: ArraySlice<UInt8>) {
            bytes += more
            checkSize()
        }

        private mutating func checkSize() {
            if bytes.count > SourceFile.maximumRecordSize { isTooLong = true }
            if isTooLong { bytes = [] }
        }
    }

    private mutating func element() throws(Refusal) -> Element {
        let first = line
        var scan = Scan()
        while let byte = try peek() {
            if scan.isInString {
                // A string never holds a line's end: this one was torn.
                if byte == 0x0A { return try broken(scan, from: first) }
                take(byte, inString: &scan)
                takePlainText(inString: &scan)
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): scan.isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): scan.depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if scan.depth == 0 { return whole(scan, from: first) }
                scan.depth -= 1
            case UInt8(ascii: ","): if scan.depth == 0 { return whole(scan, from: first) }
            default: break
            }
            // A new element begins inside this one: it was torn.
            if byte == UInt8(ascii: "{"), scan.depth > 1, isFirstOnLine, column == indentation, !scan.bytes.isEmpty {
                return whole(scan, from: first)
            }
            scan.keep(byte)
            advance()
        }
        hasEnded = true
        return Element(line: first, bytes: scan.isTooLong ? nil : scan.bytes, isCutOff: true)
    }

    private mutating func take(_ byte: UInt8, inString scan: inout Scan) {
        if scan.isEscaped {
            scan.isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            scan.isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            scan.isInString = false
        }
        scan.keep(byte)
        advance()
    }

    /// All of a string that is in the piece and stands for itself, at once.
    private mutating func takePlainText(inString scan: inout Scan) {
        guard scan.isInString, !scan.isEscaped else { return }
        let end = piece.withUnsafeBufferPointer { buffer in
            var end = index
            while end < buffer.count, !Self.hasMeaning(buffer[end]) { end += 1 }
            return end
        }
        guard end > index else { return }
        scan.keep(piece[index..<end])
        column += end - index
        isFirstOnLine = false
        index = end
    }

    /// Whether a byte in a string is more than a part of its text.
    private static func hasMeaning(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x0A
    }

    private func whole(_ scan: Scan, from first: Int) -> Element {
        Element(line: first, bytes: scan.isTooLong ? nil : scan.bytes, isCutOff: false)
    }

    /// Passes over what belongs to a torn element.
    private mutating func broken(_ scan: Scan, from first: Int) throws(Refusal) -> Element {
        while let byte = try peek() {
            if byte == UInt8(ascii: "{"), isFirstOnLine, let indentation, column == indentation { break }
            if byte == UInt8(ascii: "]"), isFirstOnLine, column == 0 { break }
            advance()
        }
        return whole(scan, from: first)
    }
}
