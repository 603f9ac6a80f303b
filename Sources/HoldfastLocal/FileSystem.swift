#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast

/// What a file is and how old.
struct FileStatus: Sendable {
    let device: UInt64
    let inode: UInt64
    /// Bytes.
    let size: Int64
    let modified: Timestamp
    let isFolder: Bool

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        modified = Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
        isFolder = status.st_mode & S_IFMT == S_IFDIR
    }

    func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }
}

/// Calls on paths.
enum FileSystem {
    /// Nil: there is no such file.
    static func status(_ path: String) throws(SystemCallError) -> FileStatus? {
        var status = stat()
        let isThere = try missingAsFalse { () throws(SystemCallError) in
            _ = try checked("stat", path) { lstat(path, &status) }
        }
        return isThere ? FileStatus(status) : nil
    }

    /// Whether there was such a file.
    @discardableResult
    static func remove(_ path: String) throws(SystemCallError) -> Bool {
        try missingAsFalse { () throws(SystemCallError) in _ = try checked("unlink", path) { unlink(path) } }
    }

    /// Replaces what is at `target`.
    static func move(_ path: String, to target: String) throws(SystemCallError) {
        _ = try checked("rename", target) { rename(path, target) }
    }

    /// Whether there was such a file.
    static func moveIfPresent(_ path: String, to target: String) throws(SystemCallError) -> Bool {
        try missingAsFalse { () throws(SystemCallError) in try move(path, to: target) }
    }

    /// Whether there was such a file.
    static func setModified(_ path: String, _ time: Timestamp) throws(SystemCallError) -> Bool {
        let (seconds, rest) = time.milliseconds.quotientAndRemainder(dividingBy: 1000)
        let moment = timespec(tv_sec: Int(seconds), tv_nsec: Int(max(rest, 0)) * 1_000_000)
        return try missingAsFalse { () throws(SystemCallError) in
            _ = try checked("utimensat", path) { utimensat(AT_FDCWD, path, [moment, moment], AT_SYMLINK_NOFOLLOW) }
        }
    }

    private static func missingAsFalse(_ call: () throws(SystemCallError) -> Void) throws(SystemCallError) -> Bool {
        do {
            try call()
            return true
        } catch {
            guard error.code == ENOENT else { throw error }
            return false
        }
    }

    static func open(folder: String) throws(SystemCallError) -> OpenFile {
        try OpenFile(folder, O_RDONLY | O_DIRECTORY)
    }

    /// Makes a folder (0700) and those above it where they are missing; durable when it returns.
    static func makeFolder(_ path: String) throws(SystemCallError) {
        if try makeOneFolder(path) { try open(folder: parent(of: path)).sync() }
    }

    /// Leaves its own entry to be synced; whether it was missing. A symbolic link to a folder counts as one.
    @discardableResult
    static func makeOneFolder(_ path: String) throws(SystemCallError) -> Bool {
        do {
            _ = try checked("mkdir", path) { mkdir(path, 0o700) }
            return true
        } catch {
            switch error.code {
            case EEXIST:
                var status = stat()
                _ = try checked("stat", path) { stat(path, &status) }
                guard FileStatus(status).isFolder else { throw SystemCallError("mkdir", path, code: ENOTDIR) }
                return false
            case ENOENT where parent(of: path) != path:
                try makeFolder(parent(of: path))
                return try makeOneFolder(path)
            default: throw error
            }
        }
    }

    static func parent(of path: String) -> String {
        var rest = path[...]
        while rest.count > 1, rest.last == "/" { rest.removeLast() }
        guard let slash = rest.lastIndex(of: "/") else { return "." }
        return slash == rest.startIndex ? "/" : String(rest[..<slash])
    }

    /// The names in a folder, without `.` and `..`, in no order; none when it is missing.
    static func names(in folder: String) throws(SystemCallError) -> [String] {
        guard let stream = opendir(folder) else {
            if errno == ENOENT { return [] }
            throw SystemCallError("opendir", folder)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw SystemCallError("readdir", folder) }
        return names
    }
}
