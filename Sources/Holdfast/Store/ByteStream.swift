/// Bytes that come in pieces: what blobs are written from and read as. Can be iterated once.
public struct ByteStream: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = any Error

    private let makeNext: @Sendable () -> Next

    /// Gives the next piece, nil at the end.
    public typealias Next = () async throws -> [UInt8]?

    /// - Parameter makeNext: called once for the iteration.
    public init(_ makeNext: @escaping @Sendable () -> Next) { self.makeNext = makeNext }

    /// All bytes in one piece.
    public init(_ bytes: [UInt8]) {
        self.init {
            var rest: [UInt8]? = bytes
            return {
                defer { rest = nil }
                return rest
            }
        }
    }

    /// The pieces of another sequence.
    public init<Source: AsyncSequence & Sendable>(_ source: Source) where Source.Element == [UInt8] {
        self.init {
            var iterator = source.makeAsyncIterator()
            return { try await iterator.next(isolation: #isolation) }
        }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(nextPiece: makeNext()) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let nextPiece: Next
        public mutating func next() async throws -> [UInt8]? { try await nextPiece() }
    }

    /// All pieces joined.
    /// - Throws: the stream's `StoreError`, or `unavailable` with its error as the cause.
    public func collect() async throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await piece in self { bytes += piece }
        } catch {
            throw error as? StoreError ?? StoreError(.unavailable, subject: "byte stream", cause: error)
        }
        return bytes
    }
}

/// What became of written bytes.
public struct BlobReceipt: Sendable, Hashable {
    public var digest: Digest
    /// Bytes.
    public var size: Int64

    public init(digest: Digest, size: Int64) {
        self.digest = digest
        self.size = size
    }
}
