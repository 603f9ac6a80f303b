import Holdfast
import HoldfastLocal

/// Reads a file line by line through a window that grows with the longest line.
struct LineScanner {
    private let file: any OpenFile
    private let limit: Int64
    private var window: [UInt8] = []
    private var windowStart: Int64
    /// Of the next line, in the window.
    private var index = 0
    private var isAtEnd = false

    private static let step = 1 << 18

    /// - Parameter limit: as if the file ended there.
    init(_ file: any OpenFile, from offset: Int64, to limit: Int64 = .max) {
        self.file = file
        self.limit = limit
        windowStart = offset
    }

    /// Of the next line.
    var offset: Int64 { windowStart + Int64(index) }

    /// Calls `body` with the next line, without its newline; an empty one too.
    /// - Returns: nil at the end of the file. What stands there without a newline is no line.
    mutating func next<Value, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(ScanFailure<Failure>) -> Value? {
        while true {
            if let length = lengthOfNext() {
                defer { index += length + 1 }
                let result = window.withUnsafeBytes { bytes in
                    let line = UnsafeRawBufferPointer(rebasing: bytes[index..<(index + length)])
                    return Result { () throws(Failure) in try body(line) }
                }
                do throws(Failure) { return try result.get() } catch { throw .body(error) }
            }
            if isAtEnd { return nil }
            do throws(SystemCallError) { try fill() } catch { throw .file(error.storeError) }
        }
    }

    private func lengthOfNext() -> Int? {
        window.withUnsafeBytes { bytes in
            UnsafeRawBufferPointer(rebasing: bytes[index...]).firstIndex(of: UInt8(ascii: "\n"))
        }
    }

    private mutating func fill() throws(SystemCallError) {
        window.removeFirst(index)
        windowStart += Int64(index)
        index = 0
        let from = windowStart + Int64(window.count)
        let wanted = min(Int64(max(Self.step, window.count)), limit - from)
        let piece = wanted > 0 ? try file.read(Int(wanted), at: from) : []
        if piece.isEmpty { isAtEnd = true }
        window += piece
    }

    /// What stands behind the last newline.
    var rest: Int { window.count - index }
}

/// Either the file could not be read, or what was to be done with a line failed.
enum ScanFailure<Failure: Error>: Error {
    case file(StoreError)
    case body(Failure)
}
