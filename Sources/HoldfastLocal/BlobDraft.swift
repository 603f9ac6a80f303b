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
    private var hasher = SHA256()
    private var size: Int64 = 0
    private var spilled: TemporaryFile?

    init(incoming: String) { self.incoming = incoming }

    mutating func hash(_ bytes: [UInt8]) {
        hasher.update(data: bytes)
        size += Int64(bytes.count)
    }

    /// With these bytes hashed and in the file.
    func spilling(_ bytes: [UInt8]) throws(SystemCallError) -> BlobDraft {
        var draft = self
        let file = try currentFile()
        try file.content.write(bytes)
        draft.spilled = file
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
        try file.content.write(rest)
        return file
    }

    private func currentFile() throws(SystemCallError) -> TemporaryFile {
        if let spilled { return spilled }
        return try TemporaryFile(in: incoming)
    }
}

/// A new file of a unique name that is removed with its last reference, unless it was moved away.
final class TemporaryFile: Sendable {
    let content: OpenFile
    var path: String { content.path }

    init(in folder: String) throws(SystemCallError) {
        let name = "\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        content = try OpenFile("\(folder)/\(name)", O_RDWR | O_CREAT | O_EXCL)
    }

    // What can't be removed is left to the next collection.
    deinit { unlink(path) }
}
