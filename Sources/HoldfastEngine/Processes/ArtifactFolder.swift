import Glibc
package import Holdfast
import SystemPackage

/// A file that a task left in its artifact folder.
package struct ArtifactFile: Sendable, Hashable {
    package let key: ArtifactKey
    /// Free of symbolic links.
    package let path: String
    /// In bytes.
    package let size: Int64
    package let mediaType: String
}

/// Walks the artifact folder of a try. A symbolic link stands for what it leads to, as long as that is inside.
struct ArtifactFolder {
    /// Free of symbolic links.
    private let root: String
    /// `<task>` or `<task>/<map_index>`.
    private let prefix: String
    private var files: [ArtifactFile] = []

    /// The files below a folder, by key; none when there is no such folder.
    /// - Throws: `invalid`, naming the file: a link that leads out of the folder or in a circle, what is neither a file
    ///   nor a folder, a name that makes no key, a key that is a folder of another; `tooLarge` for more than 50,000.
    static func files(in path: String, prefix: String) throws(StoreError) -> [ArtifactFile] {
        guard FileKind(of: path, followingLinks: false) != nil else { return [] }
        guard let root = realPath(path), FileKind(of: path, followingLinks: false) == .folder else {
            throw StoreError(.invalid, subject: "the artifact folder", detail: "the task made something else of it")
        }
        var folder = ArtifactFolder(root: root, prefix: prefix)
        try folder.walk(root, name: "", within: [root])
        guard folder.files.count <= TaskOutputs.artifactLimit else {
            throw StoreError(
                .tooLarge, subject: "the artifact folder",
                detail: "over \(TaskOutputs.artifactLimit) files; leave them as one archive")
        }
        let files = folder.files.sorted { $0.key < $1.key }
        try refuseClashes(among: files.map(\.key))
        return files
    }

    /// - Throws: `invalid`, when one key would have to be a folder that holds another.
    static func refuseClashes(among keys: [ArtifactKey]) throws(StoreError) {
        let all = Set(keys.map(\.rawValue))
        for key in keys {
            var folder = key.rawValue[...]
            while let slash = folder.lastIndex(of: "/") {
                folder = folder[..<slash]
                guard all.contains(String(folder)) else { continue }
                throw StoreError(
                    .invalid, subject: "artifact \(quoted(key.rawValue))",
                    detail: "\(quoted(String(folder))) is an artifact too and can't be a folder")
            }
        }
    }

    private init(root: String, prefix: String) {
        self.root = root
        self.prefix = prefix
    }

    /// - Parameter ancestors: the real paths of this folder and those on the way to it.
    private mutating func walk(_ path: String, name: String, within ancestors: Set<String>) throws(StoreError) {
        for entry in try names(in: path, called: name) {
            guard let text = String(validating: entry, as: UTF8.self) else {
                throw refused(name + "/" + String(decoding: entry, as: UTF8.self), "its name is not UTF-8")
            }
            try visit("\(path)/\(text)", name: name.isEmpty ? text : "\(name)/\(text)", within: ancestors)
        }
    }

    private mutating func visit(_ path: String, name: String, within ancestors: Set<String>) throws(StoreError) {
        switch FileKind(of: path, followingLinks: false) {
        case .file(let size): files.append(try file(path, name, size))
        case .folder: try walk(path, name: name, within: ancestors.union([path]))
        case .symbolicLink:
            guard let target = Self.realPath(path) else { throw refused(name, "it is a symbolic link to nothing") }
            guard target.hasPrefix(root + "/") || target == root else {
                throw refused(name, "it is a symbolic link that leads out of the artifact folder")
            }
            guard !ancestors.contains(target) else {
                throw refused(name, "it is a symbolic link to a folder that it is in")
            }
            try visit(target, name: name, within: ancestors)
        case .special(let kind): throw refused(name, "it is \(kind), neither a file nor a folder")
        case nil: throw refused(name, "it vanished while it was looked at")
        }
    }

    private func file(_ path: String, _ name: String, _ size: Int64) throws(StoreError) -> ArtifactFile {
        let key = "\(prefix)/\(name)"
        guard ArtifactKey.isValid(key) else {
            throw refused(
                name,
                "each part of its path needs 1 to 128 of A-Z a-z 0-9 . _ - and a letter or digit first, at most 32 parts"
            )
        }
        return ArtifactFile(
            key: ArtifactKey(unchecked: key), path: path, size: size, mediaType: MediaType.guess(name))
    }

    private func names(in path: String, called name: String) throws(StoreError) -> [[UInt8]] {
        do throws(Errno) {
            return try FolderListing.names(in: path)
        } catch {
            throw refused(name.isEmpty ? "." : name, "the folder can't be listed: \(error)")
        }
    }

    private func refused(_ name: String, _ why: String) -> StoreError {
        StoreError(.invalid, subject: "artifact file \(quoted(name))", detail: why)
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
