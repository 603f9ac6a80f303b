import Holdfast
import HoldfastLocal

/// A file of lines that grows; what its last writer left half written is cut off before the next line.
struct LineFile {
    let files: PlainFolder
    let path: String
    /// The size at which the last line is known to be whole; nil: not looked at yet.
    private(set) var wholeSize: Int64?

    private static let lineFeed = UInt8(ascii: "\n")
    private static let pieceSize = 1 << 16

    init(_ files: PlainFolder, _ path: String) {
        self.files = files
        self.path = path
    }

    /// Whether nobody has changed the size since this value looked at it.
    func isAsLeft() throws(StoreError) -> Bool {
        guard let wholeSize else { return false }
        return try (files.size(of: path) ?? 0) == wholeSize
    }

    /// Appends whole lines.
    mutating func append(_ lines: [UInt8]) throws(StoreError) {
        if try !isAsLeft() { try repair() }
        wholeSize = nil
        wholeSize = try files.append(lines, to: path)
    }

    /// Cuts off half a line at the end.
    mutating func repair() throws(StoreError) {
        let size = try files.size(of: path) ?? 0
        let whole = try endOfLine(before: size)
        if whole < size { try files.cut(path, to: whole) }
        wholeSize = whole
    }

    /// The last whole line, without its line feed; nil: there is none.
    mutating func lastLine() throws(StoreError) -> [UInt8]? {
        try repair()
        guard let end = wholeSize, end > 0 else { return nil }
        let start = try endOfLine(before: end - 1)
        return try files.read(path, from: start, count: Int(end - 1 - start))
    }

    mutating func remove() throws(StoreError) {
        try files.remove(path)
        wholeSize = 0
    }

    /// Where the last line feed before an offset ends; 0: there is none.
    private func endOfLine(before offset: Int64) throws(StoreError) -> Int64 {
        var end = offset
        while end > 0 {
            let start = max(0, end - Int64(Self.pieceSize))
            guard let piece = try files.read(path, from: start, count: Int(end - start)) else { return 0 }
            if let index = piece.lastIndex(of: Self.lineFeed) { return start + Int64(index) + 1 }
            end = start
        }
        return 0
    }

    /// The whole lines, each with its line feed.
    func forEachLine(_ body: (ArraySlice<UInt8>) throws(StoreError) -> Void) throws(StoreError) {
        var offset: Int64 = 0
        var rest: [UInt8] = []
        while let piece = try files.read(path, from: offset, count: Self.pieceSize * 16), !piece.isEmpty {
            offset += Int64(piece.count)
            rest += piece
            var start = rest.startIndex
            while let end = rest[start...].firstIndex(of: Self.lineFeed) {
                try body(rest[start...end])
                start = end + 1
            }
            rest.removeSubrange(..<start)
        }
    }
}

extension Collection<UInt8> {
    /// What a file holds in the place of bytes that a power cut took.
    var hasHole: Bool { contains(0) }

    /// The digits behind a text that the bytes begin with.
    func number(behind prefix: String) -> Int64? {
        guard starts(with: prefix.utf8) else { return nil }
        let digits = dropFirst(prefix.utf8.count).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}
