#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Synchronization

/// A small file mapped into memory, so that looking at it is no system call.
final class MappedWords: SharedWords, @unchecked Sendable {
    // Unchecked: the memory is only touched by atomic operations.

    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let count: Int
    private static let size = 4096

    init(_ path: String, count: Int) throws(SystemCallError) {
        precondition(count * MemoryLayout<UInt64>.stride <= Self.size, "shared words are one page at the most")
        self.count = count
        let descriptor = try checked("open", path) { Self.open(path) }
        defer { close(descriptor) }
        try Self.allocate(descriptor, path)
        let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory, memory != MAP_FAILED else { throw SystemCallError("mmap", path) }
        words = memory.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    deinit { munmap(UnsafeMutableRawPointer(words), Self.size) }

    private static func open(_ path: String) -> Int32 {
        #if canImport(Glibc)
            Glibc.open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        #else
            Darwin.open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        #endif
    }

    /// Writes zeros where the file is too short: a hole, on a disk that is full, would end the process at the first store.
    private static func allocate(_ descriptor: Int32, _ path: String) throws(SystemCallError) {
        var status = stat()
        _ = try checked("fstat", path) { fstat(descriptor, &status) }
        var end = Int(status.st_size)
        while end < size {
            let zeros = [UInt8](repeating: 0, count: size - end)
            end += try checked("write", path) { pwrite(descriptor, zeros, zeros.count, off_t(end)) }
        }
    }

    func load(_ index: Int) -> UInt64 {
        precondition(index < count)
        return words[index].load(ordering: .acquiring)
    }

    func store(_ value: UInt64, at index: Int) {
        precondition(index < count)
        words[index].store(value, ordering: .releasing)
    }
}
