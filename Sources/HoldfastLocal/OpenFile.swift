#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An open file that no child process inherits; closed with its last reference.
final class OpenFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// - Parameter flags: `O_CLOEXEC` is added; what is created gets mode 0600.
    init(_ path: String, _ flags: Int32) throws(SystemCallError) {
        self.path = path
        descriptor = try checked("open", path) { open(path, flags | O_CLOEXEC, 0o600) }
    }

    deinit { close(descriptor) }

    // MARK: - Locks

    enum LockMode { case shared, exclusive }

    /// Takes or changes the lock of this open file; false when another open file has one that excludes it.
    func tryLock(_ mode: LockMode) throws(SystemCallError) -> Bool {
        do {
            let operation = mode == .shared ? LOCK_SH : LOCK_EX
            _ = try checked("flock", path) { flock(descriptor, operation | LOCK_NB) }
            return true
        } catch {
            guard error.code == EWOULDBLOCK else { throw error }
            return false
        }
    }

    /// Also on behalf of copies that a child between fork and exec may have, which closing alone would not do.
    func unlock() throws(SystemCallError) { _ = try checked("flock", path) { flock(descriptor, LOCK_UN) } }

    // MARK: - Content

    func status() throws(SystemCallError) -> FileStatus {
        var status = stat()
        _ = try checked("fstat", path) { fstat(descriptor, &status) }
        return FileStatus(status)
    }

    func write(_ bytes: [UInt8]) throws(SystemCallError) {
        var written = 0
        while written < bytes.count {
            written += try checked("write", path) {
                bytes.withUnsafeBytes { buffer in
                    #if canImport(Glibc)
                        Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
                    #else
                        Darwin.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
                    #endif
                }
            }
        }
    }

    /// Up to `count` bytes from `offset` on; fewer only at the end of the file.
    func read(_ count: Int, at offset: Int64) throws(SystemCallError) -> [UInt8] {
        var failure: SystemCallError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                let got = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
                if got == 0 { return }
                if got > 0 { filled += got } else if errno != EINTR { failure = SystemCallError("read", path) }
                if failure != nil { return }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Returns once content and size are on the disk; for a folder, its entries.
    func sync() throws(SystemCallError) {
        #if canImport(Darwin)
            _ = try checked("fcntl", path) { fcntl(descriptor, F_FULLFSYNC) }
        #else
            _ = try checked("fsync", path) { fsync(descriptor) }
        #endif
    }
}
