package import Holdfast
import SystemPackage

/// The end of a log, read backwards from the end of its file. A log that does not exist is an empty one.
package enum LogTail {
    /// The last line that is not blank.
    package enum LastLine: Sendable, Hashable {
        /// There is none.
        case none
        /// Without its line ending. Bytes that are not UTF-8 are replaced by U+FFFD: what a program prints is not
        /// under the control of who runs it.
        case line(String)
        /// It is longer than the limit.
        case tooLong
    }

    /// The last line that holds more than white space; whether a line ending follows it makes no difference.
    /// - Parameter limit: the longest line that is returned, in bytes.
    package static func lastLine(of path: String, limit: Int = 1 << 20) throws(StoreError) -> LastLine {
        try scan(path) { (reader: inout BackwardReader) throws(StoreError) in
            var line: [UInt8] = []
            while let block = try reader.next() {
                line = block + line
                if let end = line.lastIndex(where: { !isBlank($0) }) {
                    line.removeSubrange((end + 1)...)
                    if let newline = line.lastIndex(of: newline) { return found(line[(newline + 1)...], limit) }
                    if line.count > limit { return .tooLong }
                } else {
                    line.removeAll()
                }
            }
            return line.isEmpty ? .none : found(line[...], limit)
        }
    }

    private static func found(_ line: ArraySlice<UInt8>, _ limit: Int) -> LastLine {
        line.count > limit ? .tooLong : .line(String(decoding: line, as: UTF8.self))
    }

    /// The last lines, oldest first; those longer than `width` bytes are cut and end in `…`.
    package static func lines(
        last count: Int, of path: String, width: Int = 1000
    ) throws(StoreError) -> [String] {
        let start = try offset(ofLast: count, of: path, limit: Int64(count) * Int64(width) * 4)
        guard count > 0, let file = try LogFile.read(path) else { return [] }
        defer { try? file.close() }
        let size = try LogFile.size(of: file, path: path)
        let bytes = try LogFile.bytes(of: file, from: start, limit: Int(size - start), path: path)
        var lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.suffix(count).map { line in
            line.count > width
                ? String(decoding: line.prefix(width), as: UTF8.self) + "…"
                : String(decoding: line.last == carriageReturn ? line.dropLast() : line, as: UTF8.self)
        }
    }

    /// Where the last lines begin, in bytes from the start of the file: what to print or follow from there.
    /// - Parameter limit: how many bytes to look at, at most; the answer is no further from the end than this.
    package static func offset(
        ofLast count: Int, of path: String, limit: Int64 = .max
    ) throws(StoreError) -> Int64 {
        try scan(path) { (reader: inout BackwardReader) throws(StoreError) in
            let size = reader.position
            guard count > 0 else { return size }
            // The ending of the last line does not begin another one.
            var wanted = count + 1
            var isFirst = true
            while let block = try reader.next(), size - reader.position <= limit {
                if isFirst && block.last != newline { wanted -= 1 }
                isFirst = false
                for index in block.indices.reversed() where block[index] == newline {
                    wanted -= 1
                    if wanted == 0 { return reader.position + Int64(index) + 1 }
                }
            }
            return max(0, size - min(limit, size))
        }
    }

    private static func scan<Value>(
        _ path: String, _ body: (inout BackwardReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let file = try LogFile.read(path)
        defer { try? file?.close() }
        var reader = try BackwardReader(file, path: path)
        return try body(&reader)
    }

    private static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// Reads a file in blocks, the last one first. What is appended meanwhile is not seen.
private struct BackwardReader {
    static let blockSize: Int64 = 65536

    private let file: FileDescriptor?
    private let path: String
    /// Where the block that was read last begins; at first, the size of the file.
    private(set) var position: Int64

    init(_ file: FileDescriptor?, path: String) throws(StoreError) {
        self.file = file
        self.path = path
        position = if let file { try LogFile.size(of: file, path: path) } else { 0 }
    }

    mutating func next() throws(StoreError) -> [UInt8]? {
        guard let file, position > 0 else { return nil }
        let start = max(0, position - Self.blockSize)
        let bytes = try LogFile.bytes(of: file, from: start, limit: Int(position - start), path: path)
        position = start
        return bytes
    }
}
