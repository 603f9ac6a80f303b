#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast

/// A database file and what stands beside it.
struct StoreFiles: Sendable {
    /// Absolute.
    let database: String

    /// - Parameter path: relative to the working directory unless it begins with a slash.
    /// - Throws: `invalid` for an empty path.
    init(_ path: String) throws(StoreError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw StoreError(.invalid, subject: "store \"sqlite:\"", detail: "name a file, for instance sqlite:runs.db")
        }
        if path.hasPrefix("/") {
            database = path
        } else {
            guard let current = getcwd(nil, 0) else {
                throw StoreError(.unavailable, subject: path, detail: "the working directory is gone")
            }
            defer { free(current) }
            database = String(cString: current) + "/" + path
        }
    }

    var lock: String { database + ".lock" }
    var workers: String { database + ".workers" }
    /// By tenant, as a digest tells nothing about whose bytes they are.
    func blobs(_ tenant: Tenant) -> String { "\(database).blobs/\(tenant)" }
    var folder: String { String(database[..<(database.lastIndex(of: "/") ?? database.startIndex)]) }
    /// Beside the store for the usual tenant; runs of others may have the same ids.
    func logs(_ tenant: Tenant) -> String {
        tenant == .default ? folder + "/logs" : "\(folder)/tenants/\(tenant)/logs"
    }

    enum Presence { case missing, empty, filled }

    /// - Throws: `notAStore` for a folder or a device, `unavailable` when it can't be looked at.
    func presence() throws(StoreError) -> Presence {
        var status = stat()
        guard stat(database, &status) == 0 else {
            switch errno {
            case ENOENT: return .missing
            case ENOTDIR:
                throw StoreError(.notAStore, subject: database, detail: "part of this path is a file, not a folder")
            case let code: throw failure(code)
            }
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return status.st_size == 0 ? .empty : .filled
        case S_IFDIR:
            throw StoreError(
                .notAStore, subject: database, detail: "it is a folder; name a file in it, or use files:\(database)")
        default: throw StoreError(.notAStore, subject: database, detail: "it is no file")
        }
    }

    /// Whether a store was opened here before.
    var hasLock: Bool { access(lock, F_OK) == 0 }

    /// Makes the folder (0700) where it is missing.
    func makeFolder() throws(StoreError) { try make(folder: folder) }

    private func make(folder: String) throws(StoreError) {
        guard !folder.isEmpty, mkdir(folder, 0o700) != 0 else { return }
        switch errno {
        case EEXIST: return
        case ENOENT:
            try make(folder: String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)]))
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw failure(errno) }
        case let code: throw failure(code)
        }
    }

    /// Makes the empty file, which its companions take their mode from. Only under the store's lock: closing a file that
    /// this process has open as a database would drop SQLite's own locks on it.
    func makeDatabase() throws(StoreError) {
        let descriptor = open(database, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { return }
            throw failure(errno)
        }
        close(descriptor)
        let parent = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { throw failure(errno) }
        defer { close(parent) }
        guard fsync(parent) == 0 else { throw failure(errno) }
    }

    private func failure(_ code: Int32) -> StoreError {
        let reason = String(cString: strerror(code))
        guard code == ENOSPC || code == EDQUOT else {
            return StoreError(
                .unavailable, subject: database, detail: "\(reason); check the path and who may write to its folder")
        }
        return StoreError(.full, subject: database, detail: reason)
    }
}
