import Holdfast
import SystemPackage

/// The bytes of a log as it grows, in chunks, until whoever writes it has ended. A log that isn't there yet is waited for.
package struct LogFollower: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    private let path: String
    private let start: Int64
    private let interval: Duration
    private let hasEnded: @Sendable () async throws -> Bool

    /// - Parameters:
    ///   - start: where to begin, in bytes; see `LogTail.offset`.
    ///   - interval: how long to wait when nothing is new.
    ///   - hasEnded: asked when nothing is new; once it says yes, what was written until then is still delivered.
    package init(
        path: String, from start: Int64 = 0, interval: Duration = .milliseconds(100),
        hasEnded: @escaping @Sendable () async throws -> Bool
    ) {
        self.path = path
        self.start = start
        self.interval = interval
        self.hasEnded = hasEnded
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(path: path, offset: start, interval: interval, hasEnded: hasEnded)
    }

    /// Its `next` throws `StoreError` when the log can't be read, what `hasEnded` throws, and `CancellationError`.
    package struct Iterator: AsyncIteratorProtocol {
        private static let chunkSize = 65536

        fileprivate let path: String
        fileprivate var offset: Int64
        fileprivate let interval: Duration
        fileprivate let hasEnded: @Sendable () async throws -> Bool
        private var file: OwnedFile?

        fileprivate init(
            path: String, offset: Int64, interval: Duration, hasEnded: @escaping @Sendable () async throws -> Bool
        ) {
            self.path = path
            self.offset = offset
            self.interval = interval
            self.hasEnded = hasEnded
        }

        package mutating func next() async throws -> [UInt8]? {
            while true {
                if let chunk = try read() { return chunk }
                if try await hasEnded() { return try read() }
                try await Task.sleep(for: interval)
            }
        }

        private mutating func read() throws(StoreError) -> [UInt8]? {
            if file == nil { file = try LogFile.read(path).map(OwnedFile.init) }
            guard let file else { return nil }
            let chunk = try LogFile.bytes(of: file.descriptor, from: offset, limit: Self.chunkSize, path: path)
            offset += Int64(chunk.count)
            return chunk.isEmpty ? nil : chunk
        }
    }
}

/// Closes a file that was only read when nobody uses it any more.
private final class OwnedFile: Sendable {
    let descriptor: FileDescriptor
    init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }
    deinit { try? descriptor.close() }
}
