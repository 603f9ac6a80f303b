import Crypto
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

    /// Whether a part of it is in a file.
    var isSpilled: Bool { spilled != nil }

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
