#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast

enum WorkingDirectory {
    /// Absolute.
    static func current() throws(CommandFailure) -> String {
        guard let path = getcwd(nil, 0) else {
            throw CommandFailure(.badInput, "the working directory is gone; change into one that is there")
        }
        return try text(of: path)
    }

    /// Frees the path. Read as something else, it would name another folder.
    private static func text(of path: UnsafeMutablePointer<CChar>) throws(CommandFailure) -> String {
        defer { free(path) }
        if let text = String(validatingCString: path) { return text }
        throw CommandFailure(.badInput, "the path \(quoted(String(cString: path))) is not UTF-8; use another folder")
    }

    /// A folder named relative to the working directory, as an absolute path without `.` and `..`.
    /// - Throws: when it is no folder.
    static func resolve(_ path: String) throws(CommandFailure) -> String {
        guard let resolved = realpath(path, nil) else {
            throw CommandFailure(
                .badInput,
                "working_dir \(path): \(String(cString: strerror(errno))); make the folder or correct the path")
        }
        let folder = try text(of: resolved)
        var status = stat()
        guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw CommandFailure(.badInput, "working_dir \(path): it is no folder")
        }
        return folder
    }
}
