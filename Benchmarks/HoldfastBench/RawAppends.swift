import Foundation
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The floor of a store in files: what the disk does at best when lines are appended to a file, and each is durable
/// before the next.
final class RawAppends: RawFloor {
    private let path: String
    private let descriptor: Int32
    private let line: [UInt8]

    init(_ path: String, lineBytes: Int) throws {
        self.path = path
        line = Array(repeating: UInt8(ascii: "x"), count: lineBytes - 1) + [UInt8(ascii: "\n")]
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("open") }
    }

    func rate(for duration: Duration) throws -> Double {
        let start = ContinuousClock.now
        var appends = 0
        while ContinuousClock.now - start < duration {
            guard write(descriptor, line, line.count) == line.count else { throw failure("write") }
            guard synchronize() == 0 else { throw failure("fdatasync") }
            appends += 1
        }
        return Double(appends) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private func synchronize() -> Int32 {
        #if canImport(Glibc)
            fdatasync(descriptor)
        #else
            fcntl(descriptor, F_FULLFSYNC)
        #endif
    }

    func close() throws {
        #if canImport(Glibc)
            Glibc.close(descriptor)
        #else
            Darwin.close(descriptor)
        #endif
    }

    private func failure(_ call: String) -> BenchmarkError {
        .systemCallFailed("\(call) \(path): \(String(cString: strerror(errno)))")
    }
}

/// The bytes that lines take in the journal of a store in files: what is preallocated and still blank does not count,
/// and neither do the views.
func journalSize(of folder: String) throws -> Int {
    let journal = URL(filePath: folder).appending(path: "journal")
    let files = FileManager.default.enumerator(at: journal, includingPropertiesForKeys: [.isRegularFileKey])
    var bytes = 0
    while let file = files?.nextObject() as? URL {
        guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
        let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
        bytes += lines.reduce(0) { $0 + $1.count + 1 }
    }
    return bytes
}
