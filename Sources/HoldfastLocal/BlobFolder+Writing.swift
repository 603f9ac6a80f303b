package import Holdfast

extension BlobFolder {
    static let pieceSize = 1 << 20

    /// Up to this many bytes are hashed by the caller: a millisecond's tenth at most, less than going to another thread and
    /// back takes on a busy machine.
    private static let hashedInPlace = 64 << 10

    /// Bounds the files that are open at once, and what a small blob waits for.
    static var groupLimits: BatchLimits { BatchLimits(requests: 128, cost: 8 << 20) }

    /// Stores bytes; durable, file and folder, when it returns. What exists is not written again, its age is renewed. Once all
    /// bytes are there, it runs to its end even if the caller is cancelled.
    /// - Throws: `full`, `unavailable`; an error of the stream itself as it is if it is a `StoreError`, else as the cause of
    ///   `unavailable`. It is not known to be stored then.
    @discardableResult
    package func write<Pieces: AsyncSequence>(
        _ pieces: Pieces
    ) async throws(StoreError) -> BlobReceipt where Pieces.Element == [UInt8] {
        try await queue.submit(incoming(pieces)).get()
    }

    private func incoming<Pieces: AsyncSequence>(
        _ pieces: Pieces
    ) async throws(StoreError) -> IncomingBlob where Pieces.Element == [UInt8] {
        var draft = BlobDraft(incoming: "\(folder)/\(Self.incoming)", on: fileSystem)
        var iterator = pieces.makeAsyncIterator()
        var pending: [UInt8] = []
        while let piece = try await Self.next(&iterator) {
            if pending.isEmpty { pending = piece } else { pending += piece }
            if pending.count >= Self.pieceSize {
                draft = try await work.run { [draft, pending] () throws(StoreError) in
                    try mappingSystemErrors { () throws(SystemCallError) in try draft.spilling(pending) }
                }
                pending = []
            }
        }
        if !draft.isSpilled && pending.count <= Self.hashedInPlace { return incoming(draft, pending) }
        return try await work.run { [draft, pending] () throws(StoreError) in try self.prepare(draft, pending) }
    }

    private static func next<Iterator: AsyncIteratorProtocol>(
        _ iterator: inout Iterator
    ) async throws(StoreError) -> Iterator.Element? {
        do {
            return try await iterator.next(isolation: #isolation)
        } catch {
            throw error as? StoreError ?? StoreError(.unavailable, subject: "byte stream", cause: error)
        }
    }

    private func incoming(_ draft: BlobDraft, _ rest: [UInt8]) -> IncomingBlob {
        let receipt = draft.receipt(with: rest)
        return IncomingBlob(
            receipt, draft, rest, subfolder: subfolder(receipt.digest), path: path(receipt.digest), at: now)
    }

    /// A large one is brought to the disk here: small ones are not to wait for it.
    private func prepare(_ draft: BlobDraft, _ rest: [UInt8]) throws(StoreError) -> IncomingBlob {
        let blob = incoming(draft, rest)
        if draft.isSpilled { try syncing.bringAhead(blob) }
        return blob
    }
}
