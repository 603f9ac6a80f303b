#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The lines of a file, one at a time: memory holds a piece of the file and a line.
struct LineReader {
    struct Line {
        /// From 1.
        let number: Int
        /// Without its end; nil when it is over the limit.
        let bytes: [UInt8]?
        /// Whether the file ends in it.
        let isLast: Bool
    }

    private static let pieceSize = 256 * 1024
    private let file: SourceFile
    private var piece: [UInt8] = []
    private var start = 0
    private var number = 0
    private var isAtEnd = false

    init(_ file: SourceFile) { self.file = file }

    mutating func next() throws(Refusal) -> Line? {
        var bytes: [UInt8] = []
        var isTooLong = false
        while true {
            if start == piece.count {
                piece = isAtEnd ? [] : try file.read(atMost: Self.pieceSize)
                start = 0
                isAtEnd = piece.isEmpty
                if isAtEnd { return bytes.isEmpty && !isTooLong ? nil : line(bytes, isTooLong, isLast: true) }
            }
            let end = endOfLine
            if bytes.count + end - start > SourceFile.maximumRecordSize { isTooLong = true }
            if isTooLong { bytes = [] } else { bytes += piece[start..<end] }
            let isEnded = end < piece.count
            start = min(end + 1, piece.count)
            if isEnded { return line(bytes, isTooLong, isLast: false) }
        }
    }

    private var endOfLine: Int {
        piece.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, let found = memchr(base + start, 0x0A, buffer.count - start) else {
                return buffer.count
            }
            return found - UnsafeMutableRawPointer(mutating: base)
        }
    }

    private mutating func line(_ bytes: [UInt8], _ isTooLong: Bool, isLast: Bool) -> Line {
        number += 1
        var bytes = bytes
        if bytes.last == 0x0D { bytes.removeLast() }
        return Line(number: number, bytes: isTooLong ? nil : bytes, isLast: isLast)
    }
}
