import Holdfast

/// A blob whose bytes are all known, and which waits for the disk together with others.
///
/// Unchecked, because it is only touched by one thread at a time: its caller's until it is submitted, then the one that brings it
/// to the disk.
final class IncomingBlob: @unchecked Sendable {
    let receipt: BlobReceipt
    let subfolder: String
    let path: String
    /// What becomes the file's age.
    let time: Timestamp
    private let draft: BlobDraft
    private let rest: [UInt8]
    /// Its file under a temporary name; nil once it is there under its own, or as long as nothing is written.
    private(set) var file: TemporaryFile?
    /// Whether the content of `file` is on the disk.
    var isSynced = false
    private var failure: StoreError?

    init(
        _ receipt: BlobReceipt, _ draft: BlobDraft, _ rest: [UInt8], subfolder: String, path: String, at time: Timestamp
    ) {
        self.receipt = receipt
        self.draft = draft
        self.rest = rest
        self.subfolder = subfolder
        self.path = path
        self.time = time
    }

    /// In memory, in bytes.
    var cost: Int { rest.count }

    var hasFailed: Bool { failure != nil }

    /// The first failure stays.
    func fail(_ error: StoreError) { failure = failure ?? error }

    /// Does what concerns this blob alone: its failure is no other's.
    func attempt(_ body: () throws(SystemCallError) -> Void) {
        guard failure == nil else { return }
        do throws(SystemCallError) {
            try body()
        } catch {
            fail(error.storeError)
        }
    }

    /// Whether a whole one is there; its age is renewed then.
    func renew(on fileSystem: any FileSystem) throws(SystemCallError) -> Bool {
        guard try isThere(on: fileSystem) else { return false }
        return try fileSystem.setModified(path, time)
    }

    func isThere(on fileSystem: any FileSystem) throws(SystemCallError) -> Bool {
        guard let status = try fileSystem.status(path) else { return false }
        return status.size == receipt.size
    }

    /// Writes all bytes to the temporary file, unless they are there.
    func writeFile(on fileSystem: any FileSystem) throws(SystemCallError) {
        guard file == nil else { return }
        let whole = try draft.file(with: rest)
        _ = try fileSystem.setModified(whole.path, time)
        file = whole
    }

    func dropFile() { file = nil }

    func moveIntoPlace() throws(SystemCallError) {
        try file?.move(to: path)
        file = nil
    }

    var result: Result<BlobReceipt, StoreError> { failure.map { .failure($0) } ?? .success(receipt) }
}
