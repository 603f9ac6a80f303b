#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast
import Synchronization

/// A folder of the source. Names come from listings, never from what records say. What can't be looked at counts as not
/// there, and is noted.
struct SourceFolder: Sendable {
    /// As the user named it, with what is below.
    let path: String
    let flaws: SourceFlaws

    init(path: String, flaws: SourceFlaws = SourceFlaws()) {
        self.path = path
        self.flaws = flaws
    }

    /// The names in it, sorted, without hidden ones; none when it is no folder.
    var names: [String] {
        guard let stream = opendir(path) else {
            noteFailedListing()
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if !name.hasPrefix(".") { names.append(name) }
            errno = 0
        }
        if errno != 0 { flaws.note(path, "it can't be read to its end: \(String(cString: strerror(errno)))") }
        return names.sorted()
    }

    private func noteFailedListing() {
        let problem = errno
        var status = stat()
        switch problem {
        case ENOENT: break
        // What is below a file is not there; the file itself stands where a folder should.
        case ENOTDIR: if lstat(path, &status) == 0 { flaws.note(path, "it is no folder") }
        default: flaws.note(path, "it can't be read: \(String(cString: strerror(problem)))")
        }
    }

    func file(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

    func folder(_ name: String) -> SourceFolder { SourceFolder(path: file(name), flaws: flaws) }

    private enum Kind { case folder, link, other }

    /// Whether there is a file, of whatever kind, of this name.
    func hasFile(_ name: String) -> Bool {
        switch kind(of: name) {
        case nil, .folder: false
        case .link, .other: true
        }
    }

    func hasFolder(_ name: String) -> Bool { kind(of: name) == .folder }

    private func kind(of name: String) -> Kind? {
        var status = stat()
        guard lstat(file(name), &status) == 0 else {
            if errno != ENOENT && errno != ENOTDIR {
                flaws.note(file(name), "it can't be read: \(String(cString: strerror(errno)))")
            }
            return nil
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .folder
        case S_IFLNK: return .link
        default: return .other
        }
    }

    /// The folders in it. A symbolic link among them is not followed.
    var folders: [SourceFolder] {
        names.compactMap { name in
            switch kind(of: name) {
            case .folder: return folder(name)
            case .link:
                flaws.note(file(name), "it is a symbolic link")
                return nil
            case nil, .other: return nil
            }
        }
    }

    var name: String { path.split(separator: "/").last.map(String.init) ?? "" }

    /// The names that end so, for instance `.json`.
    func names(endingIn suffix: String) -> [String] {
        names.filter { $0.utf8.count > suffix.utf8.count && $0.hasSuffix(suffix) }
    }

    /// Files below this folder, depth first, each by the names that lead to it. Symbolic links are given, not followed.
    var filesBelow: [[String]] {
        var files: [[String]] = []
        for name in names {
            if hasFolder(name) {
                files += folder(name).filesBelow.map { [name] + $0 }
            } else {
                files.append([name])
            }
        }
        return files
    }
}

/// What stood against looking through the folders of a source.
final class SourceFlaws: Sendable {
    private let reasons = Mutex<[String: String]>([:])

    func note(_ path: String, _ reason: String) { reasons.withLock { $0[path] = reason } }

    func reason(of path: String) -> String? { reasons.withLock { $0[path] } }

    /// By path.
    var all: [(path: String, reason: String)] {
        reasons.withLock { $0.sorted { $0.key < $1.key } }.map { (path: $0.key, reason: $0.value) }
    }
}
