import Glibc

/// What stands at a path.
enum FileKind: Equatable {
    case file(size: Int64)
    case folder
    case symbolicLink
    /// A named pipe, a socket or a device.
    case special(String)

    /// Nil when there is nothing, or nothing that this process may see.
    init?(of path: String, followingLinks: Bool = true) {
        var status = stat()
        guard (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .file(size: Int64(status.st_size))
        case S_IFDIR: self = .folder
        case S_IFLNK: self = .symbolicLink
        case S_IFIFO: self = .special("a named pipe")
        case S_IFSOCK: self = .special("a socket")
        default: self = .special("a device")
        }
    }
}
