#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A descriptor that no child process inherits; closed with its last reference.
class Descriptor: @unchecked Sendable {
    // Unchecked, as a class that is inherited from can't be anything else; it has nothing that changes.

    let path: String
    fileprivate let number: Int32

    /// - Parameter flags: `O_CLOEXEC` is added; what is created gets mode 0600.
    init(_ path: String, _ flags: Int32) throws(SystemCallError) {
        self.path = path
        number = try checked("open", path) { open(path, flags | O_CLOEXEC, 0o600) }
    }

    deinit { close(number) }

    func sync() throws(SystemCallError) {
        #if canImport(Darwin)
            _ = try checked("fcntl", path) { fcntl(number, F_FULLFSYNC) }
        #else
            _ = try checked("fsync", path) { fsync(number) }
        #endif
    }
}

final class LocalFolder: Descriptor, OpenFolder, @unchecked Sendable {
    init(_ path: String) throws(SystemCallError) { try super.init(path, O_RDONLY | O_DIRECTORY) }

    func syncFileSystem() throws(SystemCallError) {
        #if canImport(Darwin)
            // What is written to files goes to the drive, then the drive is made to write what it holds.
            Darwin.sync()
            try sync()
        #else
            guard let syncfs = Self.syncfs else { throw SystemCallError("syncfs", path, code: ENOSYS) }
            _ = try checked("syncfs", path) { syncfs(number) }
        #endif
    }

    #if !canImport(Darwin)
        // The headers show this call to GNU sources alone, so it is looked up in the C library.
        private static let syncfs = dlsym(nil, "syncfs").map {
            unsafeBitCast($0, to: (@convention(c) (Int32) -> Int32).self)
        }
    #endif
}

final class LocalFile: Descriptor, OpenFile, @unchecked Sendable {
    init(_ path: String, _ mode: OpenMode) throws(SystemCallError) {
        try super.init(path, O_NOFOLLOW | Self.flags(mode))
    }

    private static func flags(_ mode: OpenMode) -> Int32 {
        switch mode {
        case .readOnly: O_RDONLY
        case .readWrite: O_RDWR
        case .create: O_RDWR | O_CREAT
        case .createNew: O_RDWR | O_CREAT | O_EXCL
        }
    }

    // MARK: - Locks

    func tryLock(_ mode: LockMode) throws(SystemCallError) -> Bool {
        do {
            let operation = mode == .shared ? LOCK_SH : LOCK_EX
            _ = try checked("flock", path) { flock(number, operation | LOCK_NB) }
            return true
        } catch {
            guard error.code == EWOULDBLOCK else { throw error }
            return false
        }
    }

    /// Also on behalf of copies that a child between fork and exec may have, which closing alone would not do.
    func unlock() throws(SystemCallError) { _ = try checked("flock", path) { flock(number, LOCK_UN) } }

    // MARK: - Content

    func status() throws(SystemCallError) -> FileStatus {
        var status = stat()
        _ = try checked("fstat", path) { fstat(number, &status) }
        return FileStatus(status)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemCallError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let got = try checked("read", path) {
                pread(number, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
            }
            if got == 0 { break }
            filled += got
        }
        return filled
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemCallError) {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            written += try checked("write", path) {
                pwrite(number, rest.baseAddress, rest.count, off_t(offset) + off_t(written))
            }
        }
    }

    func setSize(_ size: Int64) throws(SystemCallError) {
        _ = try checked("ftruncate", path) { ftruncate(number, off_t(size)) }
    }

    func syncContent() throws(SystemCallError) {
        #if canImport(Darwin)
            try sync()
        #else
            _ = try checked("fdatasync", path) { fdatasync(number) }
        #endif
    }
}
