import Foundation
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast

/// A file of the source, opened for reading only. Nothing but a regular file is read.
final class SourceFile {
    /// A JSON document, or a record in a larger file, that is over this is not read.
    static let maximumRecordSize = 64 * 1024 * 1024

    /// Bytes.
    let size: Int64
    let modifiedAt: Timestamp
    private let descriptor: Int32

    /// - Parameter followsLink: only for what the user named.
    init(_ path: String, followsLink: Bool = false) throws(Refusal) {
        // Without O_NONBLOCK a pipe among the files would be waited for.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLink ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else {
            throw Refusal(
                errno == ELOOP ? "it is a symbolic link" : "it can't be opened: \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Refusal("it is no regular file")
        }
        size = Int64(status.st_size)
        #if canImport(Glibc)
            let time = status.st_mtim
        #else
            let time = status.st_mtimespec
        #endif
        modifiedAt = Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    deinit { close(descriptor) }

    /// The next bytes, at most `count`; empty at the end.
    func read(atMost count: Int) throws(Refusal) -> [UInt8] {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            repeat { filled = systemRead(descriptor, buffer.baseAddress, count) } while filled < 0 && errno == EINTR
            failed = filled < 0
            filled = max(filled, 0)
        }
        guard !failed else { throw Refusal("it can't be read: \(String(cString: strerror(errno)))") }
        return bytes
    }

    private var failed = false

    /// All of it.
    func contents() throws(Refusal) -> [UInt8] {
        guard size <= Self.maximumRecordSize else {
            throw Refusal("it has \(size) bytes; at most \(Self.maximumRecordSize) are read at once")
        }
        var bytes: [UInt8] = []
        while true {
            let piece = try read(atMost: max(Int(size) - bytes.count, 0) + 1)
            if piece.isEmpty { return bytes }
            bytes += piece
        }
    }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int {
    #if canImport(Glibc)
        Glibc.read(descriptor, buffer, count)
    #else
        Darwin.read(descriptor, buffer, count)
    #endif
}
