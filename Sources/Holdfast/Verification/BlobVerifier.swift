import Crypto

/// Reads blobs again and compares them with their digests.
struct BlobVerifier {
    private let store: any Store
    /// How many were read.
    private(set) var count = 0
    /// Blobs found whole of late: many events name the same one. Forgotten when it has grown.
    private var whole: Set<Digest> = []
    private static let remembered = 10_000

    init(store: any Store) { self.store = store }

    /// What is wrong with a blob; nil when nothing is.
    mutating func problem(with digest: Digest) async throws(StoreError) -> String? {
        guard !whole.contains(digest) else { return nil }
        count += 1
        let found: Digest
        do throws(StoreError) {
            found = try await digestNow(of: digest)
        } catch {
            guard error.isDamage else { throw error }
            return error.code == .notFound ? "is missing" : "can't be read: \(error)"
        }
        guard found == digest else { return "is damaged: its content has the digest \(found)" }
        if whole.count >= Self.remembered { whole.removeAll() }
        whole.insert(digest)
        return nil
    }

    private func digestNow(of digest: Digest) async throws(StoreError) -> Digest {
        var hasher = SHA256()
        let stream = try await store.readBlob(digest, range: nil)
        do {
            for try await piece in stream { hasher.update(data: piece) }
        } catch {
            throw error as? StoreError ?? StoreError(.unavailable, subject: "blob \(digest)", cause: error)
        }
        return Digest(hasher.finalize())
    }
}
