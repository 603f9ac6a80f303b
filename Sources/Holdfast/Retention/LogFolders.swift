#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The folder that holds a folder of logs for each run.
struct LogFolders: Sendable {
    let path: String

    /// Removes the logs of a run; that there are none is no error. Symbolic links in it are removed, not followed.
    func remove(_ run: RunID) throws(StoreError) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else {
            if errno == ENOENT { return }
            throw failure(path)
        }
        defer { close(folder) }
        try remove(run.rawValue, in: folder, path: "\(path)/\(run)")
    }

    private func remove(_ name: String, in parent: Int32, path: String) throws(StoreError) {
        if unlinkat(parent, name, 0) == 0 || errno == ENOENT { return }
        // What is no file says so in one of two ways.
        guard errno == EISDIR || errno == EPERM else { throw failure(path) }
        let folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { throw failure(path) }
        defer { close(folder) }
        for entry in try names(in: folder, path: path) { try remove(entry, in: folder, path: "\(path)/\(entry)") }
        guard unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT else { throw failure(path) }
    }

    private func names(in folder: Int32, path: String) throws(StoreError) -> [String] {
        // The stream takes its descriptor over.
        guard let stream = fdopendir(fcntl(folder, F_DUPFD_CLOEXEC, 0)) else { throw failure(path) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    private func failure(_ path: String) -> StoreError {
        StoreError(
            .unavailable, subject: "logs \(path)",
            detail: "they can't be removed: \(String(cString: strerror(errno))); remove them by hand")
    }
}

extension Views {
    /// Removes the logs that a run which is gone has left.
    /// - Throws: `unavailable`.
    func removeLogs(of run: RunID) throws(StoreError) {
        if let logFolder { try LogFolders(path: logFolder).remove(run) }
    }
}
