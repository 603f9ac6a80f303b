import Crypto
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast

/// A blob on its way in: what was hashed so far and, once it is large, the temporary file that holds it.
struct BlobDraft: Sendable {
    private let incoming: String
    private let fileSystem: any FileSystem
    private var hasher = SHA256()
    private var size: Int64 = 0
    /// How much of it is in the file.
    private var written: Int64 = 0
    private var spilled: TemporaryFile?

    init(incoming: String, on fileSystem: any FileSystem) {
        self.incoming = incoming
        self.fileSystem = fileSystem
    }

    mutating func hash(_ bytes: [UInt8]) {
        hasher.update(data: bytes)
        size += Int64(bytes.count)
    }

    /// With these bytes hashed and in the file.
    func spilling(_ bytes: [UInt8]) throws(SystemCallError) -> BlobDraft {
        var draft = self
        let file = try currentFile()
        try file.content.write(bytes, at: written)
        draft.spilled = file
        draft.written += Int64(bytes.count)
        draft.hash(bytes)
        return draft
    }

    /// What it comes to when these are the last bytes.
    func receipt(with rest: [UInt8]) -> BlobReceipt {
        var hasher = hasher
        hasher.update(data: rest)
        return BlobReceipt(digest: Digest(hasher.finalize()), size: size + Int64(rest.count))
    }

    /// The file that holds everything, these last bytes too.
    func file(with rest: [UInt8]) throws(SystemCallError) -> TemporaryFile {
        let file = try currentFile()
        try file.content.write(rest, at: written)
        return file
    }

    private func currentFile() throws(SystemCallError) -> TemporaryFile {
        if let spilled { return spilled }
        return try TemporaryFile(in: incoming, on: fileSystem)
    }
}

/// A new file of a unique name that is removed with its last reference, unless it was moved away.
final class TemporaryFile: Sendable {
    let content: any OpenFile
    private let fileSystem: any FileSystem
    var path: String { content.path }

    init(in folder: String, on fileSystem: any FileSystem) throws(SystemCallError) {
        let name = "\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        self.fileSystem = fileSystem
        content = try fileSystem.open("\(folder)/\(name)", .createNew)
    }

    // What can't be removed is left to the next collection.
    deinit { _ = try? fileSystem.remove(path) }
}
