#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
package import Holdfast

/// Files for people and programs to read, which can be made again: replaced whole, appended to, removed, never synced.
///
/// Paths are relative to the folder. Files are made 0600 and folders 0700. Symbolic links are not followed: one in the place of
/// a folder is an error, one in the place of a file is replaced, or an error when it would be appended to. One writer at a
/// time; readers see a replaced file before or after, and a file that grows perhaps with half a line.
package struct PlainFolder: Sendable {
    package let root: String
    private let scratch: String
    private let fileSystem: any FileSystem

    /// - Parameter scratch: the folder for files on their way.
    package init(root: String, scratch: String, on fileSystem: any FileSystem = LocalFileSystem()) {
        self.root = root
        self.scratch = scratch
        self.fileSystem = fileSystem
    }

    private func absolute(_ path: String) -> String { "\(root)/\(path)" }

    // MARK: - Writing

    package func replace(_ path: String, with bytes: [UInt8]) throws(StoreError) {
        let draft = try draft()
        try draft.write(bytes)
        try place(draft, at: path)
    }

    /// A file that has no name yet.
    package func draft() throws(StoreError) -> PlainDraft {
        try makeFolder(scratch)
        return try mappingSystemErrors { () throws(SystemCallError) in
            PlainDraft(file: try TemporaryFile(in: absolute(scratch), on: fileSystem))
        }
    }

    /// Gives a draft its name, in place of whatever has it.
    package func place(_ draft: PlainDraft, at path: String) throws(StoreError) {
        try makeFolders(above: path)
        do {
            try fileSystem.move(draft.file.path, to: absolute(path))
        } catch {
            guard [EISDIR, ENOTEMPTY, EEXIST].contains(error.code) else { throw error.storeError }
            try remove(path)
            try mappingSystemErrors { () throws(SystemCallError) in
                try fileSystem.move(draft.file.path, to: absolute(path))
            }
        }
    }

    /// - Returns: the size of the file with them.
    package func append(_ bytes: [UInt8], to path: String) throws(StoreError) -> Int64 {
        try makeFolders(above: path)
        return try mappingSystemErrors { () throws(SystemCallError) in
            let file = try fileSystem.open(absolute(path), .create)
            let size = try file.status().size
            try file.write(bytes, at: size)
            return size + Int64(bytes.count)
        }
    }

    /// Leaves only the first `size` bytes of a file.
    package func cut(_ path: String, to size: Int64) throws(StoreError) {
        try checkFolders(above: path)
        try mappingSystemErrors { () throws(SystemCallError) in
            try fileSystem.open(absolute(path), .readWrite).setSize(size)
        }
    }

    /// Removes a file, or a folder with all it holds; that it is not there is no error.
    package func remove(_ path: String) throws(StoreError) {
        try checkFolders(above: path)
        try mappingSystemErrors { () throws(SystemCallError) in try removeAll(absolute(path)) }
    }

    private func removeAll(_ path: String) throws(SystemCallError) {
        guard let status = try fileSystem.status(path) else { return }
        guard status.isFolder else {
            try fileSystem.remove(path)
            return
        }
        for name in try fileSystem.names(in: path) { try removeAll("\(path)/\(name)") }
        try fileSystem.removeFolder(path)
    }

    /// Removes the folders above a path that have become empty, up to the one named.
    package func removeEmptyFolders(above path: String, upTo top: String) throws(StoreError) {
        var folder = parent(of: path)
        while folder != top, folder.hasPrefix(top + "/") {
            do {
                try fileSystem.removeFolder(absolute(folder))
            } catch {
                guard error.code == ENOTEMPTY || error.code == EEXIST else { throw error.storeError }
                return
            }
            folder = parent(of: folder)
        }
    }

    /// Removes what writers that were killed left behind.
    package func removeDrafts() throws(StoreError) {
        try mappingSystemErrors { () throws(SystemCallError) in
            let scratch = absolute(scratch)
            for name in try fileSystem.names(in: scratch) { try fileSystem.remove("\(scratch)/\(name)") }
        }
    }

    // MARK: - Folders

    package func makeFolder(_ path: String) throws(StoreError) { try makeFolders(above: path + "/") }

    private func makeFolders(above path: String) throws(StoreError) {
        try forEachFolder(above: path) { folder throws(SystemCallError) in
            guard let status = try fileSystem.status(folder) else {
                _ = try fileSystem.makeFolder(at: folder)
                return true
            }
            return status.isFolder
        }
    }

    private func checkFolders(above path: String) throws(StoreError) {
        try forEachFolder(above: path) { folder throws(SystemCallError) in
            try fileSystem.status(folder)?.isFolder ?? true
        }
    }

    private func forEachFolder(
        above path: String, _ isFolder: (String) throws(SystemCallError) -> Bool
    ) throws(StoreError) {
        for index in path.indices where path[index] == "/" {
            let folder = absolute(String(path[..<index]))
            guard try mappingSystemErrors({ () throws(SystemCallError) in try isFolder(folder) }) else {
                throw StoreError(
                    .notAStore, subject: folder,
                    detail: "a folder is expected where a symbolic link or a file is; remove it")
            }
        }
    }

    // MARK: - Reading

    /// Nil: there is no such file.
    package func size(of path: String) throws(StoreError) -> Int64? {
        try mappingSystemErrors { () throws(SystemCallError) in
            guard let status = try fileSystem.status(absolute(path)), !status.isFolder else { return nil }
            return status.size
        }
    }

    /// The names in a folder, in no order; none when it is missing.
    package func names(in path: String) throws(StoreError) -> [String] {
        try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.names(in: absolute(path)) }
    }

    /// Up to `count` bytes from an offset on; nil: there is no such file.
    package func read(_ path: String, from offset: Int64 = 0, count: Int = .max) throws(StoreError) -> [UInt8]? {
        do {
            let file = try fileSystem.open(absolute(path), .readOnly)
            let rest = max(0, try file.status().size - offset)
            return try file.read(Int(min(rest, Int64(count))), at: offset)
        } catch {
            guard error.code == ENOENT || error.code == ENOTDIR || error.code == ELOOP else { throw error.storeError }
            return nil
        }
    }
}

extension PlainFolder {
    /// The SHA-256 of a file, read piece by piece; nil: there is no such file.
    package func digest(of path: String) throws(StoreError) -> Digest? {
        var hasher = BlobDraft(incoming: scratch, on: fileSystem)
        var offset: Int64 = 0
        while let piece = try read(path, from: offset, count: BlobFolder.pieceSize) {
            guard !piece.isEmpty else { return hasher.receipt(with: []).digest }
            hasher.hash(piece)
            offset += Int64(piece.count)
        }
        return nil
    }
}

/// A file on its way into a `PlainFolder`; gone with its last reference unless it was placed.
package struct PlainDraft: Sendable {
    fileprivate let file: TemporaryFile

    package func write(_ bytes: [UInt8]) throws(StoreError) {
        try mappingSystemErrors { () throws(SystemCallError) in
            try file.content.write(bytes, at: try file.content.status().size)
        }
    }
}
