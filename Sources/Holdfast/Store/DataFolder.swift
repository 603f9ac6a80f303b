#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The folder for records that belong to a person rather than to a project: where a program keeps its processes and
/// workspaces when nobody has said where.
public enum DataFolder {
    /// The environment variable that names another one.
    public static let variable = "HOLDFAST_HOME"
    private static let name = ".holdfast"

    /// `HOLDFAST_HOME` where it is set, else `.holdfast` in the home folder. Absolute; it need not be there.
    /// - Throws: `invalid` for a relative `HOLDFAST_HOME`, or when there is no home folder.
    public static func path() throws(StoreError) -> String {
        try path { name in getenv(name).map { String(cString: $0) } }
    }

    /// - Parameter value: the value of an environment variable.
    static func path(_ value: (String) -> String?) throws(StoreError) -> String {
        if let path = value(variable), !path.isEmpty { return try absolute(path, variable) }
        guard let home = value("HOME"), !home.isEmpty else {
            throw StoreError(.invalid, subject: "the data folder", detail: "set \(variable); there is no HOME")
        }
        return (home == "/" ? "" : try absolute(home, "HOME")) + "/" + name
    }

    private static func absolute(_ path: String, _ variable: String) throws(StoreError) -> String {
        guard path.hasPrefix("/") else {
            throw StoreError(
                .invalid, subject: "\(variable) \(quoted(path))", detail: "name a folder from the root on: /…")
        }
        return path
    }

    /// Makes the folder, for its owner alone (0700), and those above it that are missing. One that is there stays as it is.
    /// - Throws: `invalid` when a part of the path is no folder; `full`; `unavailable` when it can't be made.
    public static func make(at path: String) throws(StoreError) {
        var folder = ""
        for part in path.split(separator: "/") {
            folder += "/" + part
            try makeOne(folder)
        }
    }

    private static func makeOne(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o700) != 0 else { return }
        let reason = errno
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT != S_IFDIR else { return }
            throw StoreError(.invalid, subject: "folder \(quoted(path))", detail: "something else has this name")
        }
        throw StoreError(
            reason == ENOSPC ? .full : .unavailable, subject: "folder \(quoted(path))",
            detail: String(cString: strerror(reason)))
    }

    /// The path of the default folder, which is made where it is missing.
    /// - Throws: as `path` and `make`.
    public static func ensure() throws(StoreError) -> String {
        let path = try path()
        try make(at: path)
        return path
    }
}
