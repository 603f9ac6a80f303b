#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension FileSystem {
    /// Makes a folder (0700) and those above it where they are missing; durable when it returns.
    package func makeFolder(_ path: String) throws(SystemCallError) {
        guard try makeFolderInPlace(path) else { return }
        for folder in try entryHolders(of: path) { try folder.sync() }
    }

    /// What to sync for a folder's own entry, and for that of the folder it is in: who made that one may have been killed before
    /// it could. A folder that may not be read is left out, as it was there before any store.
    func entryHolders(of folder: String) throws(SystemCallError) -> [any OpenFolder] {
        var holders: [any OpenFolder] = []
        for path in [parent(of: folder), parent(of: parent(of: folder))] {
            do {
                holders.append(try open(folder: path))
            } catch {
                guard error.code == EACCES else { throw error }
            }
        }
        return holders
    }

    /// Leaves its own entry to be synced; whether it was missing.
    @discardableResult
    func makeFolderInPlace(_ path: String) throws(SystemCallError) -> Bool {
        do {
            return try makeFolder(at: path)
        } catch {
            let parent = parent(of: path)
            guard error.code == ENOENT, parent != path else { throw error }
            try makeFolder(parent)
            return try makeFolder(at: path)
        }
    }

    /// Whether there was such a file.
    func moveIfPresent(_ path: String, to target: String) throws(SystemCallError) -> Bool {
        try missingAsFalse { () throws(SystemCallError) in try move(path, to: target) }
    }
}

/// The folder that a path's last part is in.
package func parent(of path: String) -> String {
    var rest = path[...]
    while rest.count > 1, rest.last == "/" { rest.removeLast() }
    guard let slash = rest.lastIndex(of: "/") else { return "." }
    return slash == rest.startIndex ? "/" : String(rest[..<slash])
}

/// False: the call said that there is no such file.
func missingAsFalse(_ call: () throws(SystemCallError) -> Void) throws(SystemCallError) -> Bool {
    do {
        try call()
        return true
    } catch {
        guard error.code == ENOENT else { throw error }
        return false
    }
}

extension OpenFile {
    package func write(_ bytes: [UInt8], at offset: Int64) throws(SystemCallError) {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(SystemCallError) in try write(buffer, at: offset) }
        }
        try result.get()
    }

    /// Up to `count` bytes from `offset` on; fewer only at the end of the file.
    package func read(_ count: Int, at offset: Int64) throws(SystemCallError) -> [UInt8] {
        var failure: SystemCallError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemCallError) {
                filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
