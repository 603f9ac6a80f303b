#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

enum WorkingDirectory {
    /// Absolute.
    static func current() throws(CommandFailure) -> String {
        guard let path = getcwd(nil, 0) else {
            throw CommandFailure(.badInput, "the working directory is gone; change into one that is there")
        }
        defer { free(path) }
        return String(cString: path)
    }

    /// A folder named relative to the working directory, as an absolute path without `.` and `..`.
    /// - Throws: when it is no folder.
    static func resolve(_ path: String) throws(CommandFailure) -> String {
        guard let resolved = realpath(path, nil) else {
            throw CommandFailure(
                .badInput,
                "working_dir \(path): \(String(cString: strerror(errno))); make the folder or correct the path")
        }
        defer { free(resolved) }
        var status = stat()
        guard stat(resolved, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw CommandFailure(.badInput, "working_dir \(path): it is no folder")
        }
        return String(cString: resolved)
    }
}
