#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
package import Holdfast

/// The machine's file system.
package struct LocalFileSystem: FileSystem {
    package init() {}

    package func status(_ path: String) throws(SystemCallError) -> FileStatus? {
        var status = stat()
        let isThere = try missingAsFalse { () throws(SystemCallError) in
            _ = try checked("stat", path) { lstat(path, &status) }
        }
        return isThere ? FileStatus(status) : nil
    }

    package func open(_ path: String, _ mode: OpenMode) throws(SystemCallError) -> any OpenFile {
        try LocalFile(path, mode)
    }

    package func open(folder: String) throws(SystemCallError) -> any OpenFolder { try LocalFolder(folder) }

    package func names(in folder: String) throws(SystemCallError) -> [String] {
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

    package func makeFolder(at path: String) throws(SystemCallError) -> Bool {
        do {
            _ = try checked("mkdir", path) { mkdir(path, 0o700) }
            return true
        } catch {
            guard error.code == EEXIST else { throw error }
            var status = stat()
            _ = try checked("stat", path) { stat(path, &status) }
            guard FileStatus(status).isFolder else { throw SystemCallError("mkdir", path, code: ENOTDIR) }
            return false
        }
    }

    package func move(_ path: String, to target: String) throws(SystemCallError) {
        _ = try checked("rename", target) { rename(path, target) }
    }

    package func remove(_ path: String) throws(SystemCallError) -> Bool {
        try missingAsFalse { () throws(SystemCallError) in _ = try checked("unlink", path) { unlink(path) } }
    }

    package func removeFolder(_ path: String) throws(SystemCallError) -> Bool {
        try missingAsFalse { () throws(SystemCallError) in _ = try checked("rmdir", path) { rmdir(path) } }
    }

    package func setModified(_ path: String, _ time: Timestamp) throws(SystemCallError) -> Bool {
        let (seconds, rest) = time.milliseconds.quotientAndRemainder(dividingBy: 1000)
        let moment = timespec(tv_sec: Int(seconds), tv_nsec: Int(max(rest, 0)) * 1_000_000)
        return try missingAsFalse { () throws(SystemCallError) in
            _ = try checked("utimensat", path) { utimensat(AT_FDCWD, path, [moment, moment], AT_SYMLINK_NOFOLLOW) }
        }
    }

    package func sharedWords(_ path: String, count: Int) throws(SystemCallError) -> any SharedWords {
        try MappedWords(path, count: count)
    }
}

extension FileStatus {
    init(_ status: stat) {
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        self.init(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000),
            isFolder: status.st_mode & S_IFMT == S_IFDIR)
    }
}
