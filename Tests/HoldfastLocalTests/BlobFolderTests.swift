import Foundation
import Holdfast
import Synchronization
import Testing

@testable import HoldfastLocal

@Suite struct BlobFolderTests {
    private let folder: TemporaryFolder
    private let clock = TestClock()
    private let blobs: BlobFolder

    init() throws {
        folder = try TemporaryFolder()
        blobs = try BlobFolder(folder: folder.path("blobs"), clock: clock)
    }

    private let abc = Array("abc".utf8)
    private let abcDigest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    private func leftovers() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path("blobs/incoming"))
    }

    @Test("a blob is a file named by its SHA-256, for its owner only")
    func layout() async throws {
        let receipt = try await blobs.write(ByteStream(abc))
        #expect(receipt.digest.hexadecimal == abcDigest)
        #expect(receipt.size == 3)
        let path = folder.path("blobs/ba/" + abcDigest.dropFirst(2))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(abc))
        #expect(try mode(of: path) == 0o600)
        #expect(try mode(of: folder.path("blobs/ba")) == 0o700)
        #expect(try mode(of: folder.path("blobs")) == 0o700)
        #expect(try leftovers().isEmpty)
    }

    @Test("what was written in pieces is read back whole and in pieces", arguments: [0, 1, 1 << 20, 5_000_000])
    func roundTrip(size: Int) async throws {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let receipt = try await blobs.write(ByteStream(Pieces(of: bytes, count: 300_000)))
        #expect(receipt == BlobReceipt(digest: Digest(of: bytes), size: Int64(size)))
        #expect(try await blobs.readWhole(receipt.digest) == bytes)
        #expect(try await blobs.read(receipt.digest).collect() == bytes)
        try blobs.verify(receipt.digest)
        #expect(try leftovers().isEmpty)
    }

    @Test("a range is clamped to the blob")
    func ranges() async throws {
        let digest = try await blobs.write(ByteStream(abc)).digest
        let cases: [(Range<Int64>, String)] = [(0..<2, "ab"), (1..<99, "bc"), (3..<5, ""), (7..<9, ""), (1..<1, "")]
        for (range, expected) in cases {
            #expect(try await blobs.read(digest, range: range).collect() == Array(expected.utf8))
        }
    }

    @Test("writing what exists renews its age and leaves the file as it is")
    func renews() async throws {
        let digest = try await blobs.write(ByteStream(abc)).digest
        let first = try #require(try LocalFileSystem().status(blobs.path(digest)))
        clock.advance(.seconds(3600))
        #expect(try await blobs.write(ByteStream(Pieces(of: abc, count: 1))).digest == digest)
        let second = try #require(try LocalFileSystem().status(blobs.path(digest)))
        #expect(second.isSameFile(as: first))
        #expect(second.modified - first.modified == .seconds(3600))
        #expect(second.modified == clock.now())
    }

    @Test("writing what exists but was cut short mends it")
    func mends() async throws {
        let digest = try await blobs.write(ByteStream(abc)).digest
        try Data("ab".utf8).write(to: URL(fileURLWithPath: blobs.path(digest)))
        try await blobs.write(ByteStream(abc))
        #expect(try await blobs.readWhole(digest) == abc)
    }

    @Test("a missing blob is not found, by every way of asking")
    func missing() async throws {
        let digest = Digest(of: abc)
        #expect(try !blobs.exists(digest))
        #expect(try !blobs.delete(digest))
        let reading = await #expect(throws: StoreError.self) { try await blobs.read(digest) }
        #expect(reading?.code == .notFound)
        #expect(reading?.subject == "blob \(digest)")
        for ask in [{ _ = try blobs.size(digest) }, { try blobs.verify(digest) }] as [() throws -> Void] {
            let error = #expect(throws: StoreError.self) { try ask() }
            #expect(error?.code == .notFound)
        }
    }

    @Test("content that no longer fits its digest is corrupt, unless the check is turned off")
    func corrupt() async throws {
        let digest = try await blobs.write(ByteStream(abc)).digest
        try Data("abd".utf8).write(to: URL(fileURLWithPath: blobs.path(digest)))
        let error = await #expect(throws: StoreError.self) { try await blobs.readWhole(digest) }
        #expect(error?.code == .corrupt)
        let verifying = #expect(throws: StoreError.self) { try blobs.verify(digest) }
        #expect(verifying?.code == .corrupt)
        #expect(try await blobs.readWhole(digest, verified: false) == Array("abd".utf8))
    }

    @Test("a stream that fails stores nothing and leaves nothing")
    func failingStream() async throws {
        struct Failure: Error {}
        let source = ByteStream {
            var count = 0
            return {
                count += 1
                if count > 3 { throw Failure() }
                return [UInt8](repeating: 1, count: 1 << 20)
            }
        }
        let error = await #expect(throws: StoreError.self) { try await blobs.write(source) }
        #expect(error?.code == .unavailable)
        #expect(error?.cause is Failure)
        #expect(try blobs.list().isEmpty)
        // What was written goes with the last who holds it, on a busy machine a moment after the answer.
        for _ in 0..<2000 where try !leftovers().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try leftovers().isEmpty)
    }

    @Test("existence, size, list and deletion agree")
    func lists() async throws {
        let digests = try await [abc, [], [1, 2]].asyncMap { try await blobs.write(ByteStream($0)).digest }
        #expect(try blobs.list().map(\.digest) == digests.sorted())
        #expect(try blobs.list().allSatisfy { $0.modified == clock.now() })
        #expect(try digests.map { try blobs.size($0) } == [3, 0, 2])
        #expect(try blobs.delete(digests[0]))
        #expect(try !blobs.exists(digests[0]))
        #expect(try blobs.list().map(\.digest) == digests[1...].sorted())
    }

    @Test("a reading that has begun is not disturbed by deletion")
    func readsDeleted() async throws {
        let bytes = [UInt8](repeating: 7, count: 3 << 20)
        let digest = try await blobs.write(ByteStream(bytes)).digest
        let stream = try await blobs.read(digest)
        try blobs.delete(digest)
        #expect(try await stream.collect() == bytes)
    }

    @Test("collection removes what is old and not kept, and nothing else")
    func collects() async throws {
        let kept = try await blobs.write(ByteStream(abc)).digest
        let unused = try await blobs.write(ByteStream([1, 2, 3, 4])).digest
        let renewed = try await blobs.write(ByteStream([5])).digest
        clock.advance(.seconds(25 * 3600))
        try await blobs.write(ByteStream([5]))
        let young = try await blobs.write(ByteStream([6])).digest
        var asked: [Digest] = []
        let collected = try blobs.collect(olderThan: .seconds(24 * 3600)) { digest in
            asked.append(digest)
            return digest == kept
        }
        #expect(collected == BlobFolder.Collected(blobs: 1, bytes: 4))
        #expect(Set(asked) == [kept, unused])
        #expect(try Set(blobs.list().map(\.digest)) == [kept, renewed, young])
    }

    @Test("a blob that is renewed while collection asks about it stays")
    func collectsAgainstRenewal() async throws {
        let digest = try await blobs.write(ByteStream(abc)).digest
        clock.advance(.seconds(25 * 3600))
        let collected = try blobs.collect(olderThan: .seconds(24 * 3600)) { digest throws(StoreError) in
            _ = try mappingSystemErrors { () throws(SystemCallError) in
                try LocalFileSystem().setModified(blobs.path(digest), clock.now())
            }
            return false
        }
        #expect(collected == BlobFolder.Collected())
        #expect(try blobs.exists(digest))
        #expect(try leftovers().isEmpty)
    }

    @Test("collection removes temporary files older than a day, younger ones stay")
    func collectsLeftovers() throws {
        for (name, age) in [("old", 25), ("young", 23)] {
            let path = folder.path("blobs/incoming/\(name)")
            try Data("abc".utf8).write(to: URL(fileURLWithPath: path))
            #expect(try LocalFileSystem().setModified(path, clock.now() + .seconds(-age * 3600)))
        }
        #expect(try blobs.collect(olderThan: .zero) { _ in false } == BlobFolder.Collected(blobs: 0, bytes: 3))
        #expect(try leftovers() == ["young"])
    }

    @Test("the same and other bytes written by many at once are all there")
    func concurrentWrites() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<32 {
                group.addTask { try await blobs.write(ByteStream([UInt8(index % 4)])) }
            }
            try await group.waitForAll()
        }
        #expect(try Set(blobs.list().map(\.digest)) == Set((0..<4).map { Digest(of: [UInt8($0)]) }))
        #expect(try leftovers().isEmpty)
    }

    @Test("a limit on space ends the write with full, and nothing stays behind")
    func full() async throws {
        let path = folder.path("limited")
        await #expect(processExitsWith: .success) { [path = path as String] in
            signal(SIGXFSZ, SIG_IGN)
            let blobs = try BlobFolder(folder: path)
            let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
            var limit = rlimit()
            #expect(getrlimit(resource, &limit) == 0)
            limit.rlim_cur = 1 << 20
            #expect(setrlimit(resource, &limit) == 0)
            let error = await #expect(throws: StoreError.self) {
                try await blobs.write(ByteStream([UInt8](repeating: 1, count: 3 << 20)))
            }
            #expect(error?.code == .full)
            #expect(try blobs.list().isEmpty)
            #expect(try LocalFileSystem().names(in: path + "/incoming").isEmpty)
            try await blobs.write(ByteStream([1]))
        }
    }

    @Test("a path that is a file is no blob folder")
    func badFolder() throws {
        try Data().write(to: URL(fileURLWithPath: folder.path("file")))
        for path in ["file", "file/blobs"] {
            let error = #expect(throws: StoreError.self) { try BlobFolder(folder: folder.path(path)) }
            #expect(error?.code == .notAStore)
        }
    }
}

private final class TestClock: WallClock {
    private let time = Mutex(Timestamp(milliseconds: 1_800_000_000_123))
    func now() -> Timestamp { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}

/// Bytes in pieces of a size.
private struct Pieces: AsyncSequence, Sendable {
    let bytes: [UInt8]
    let count: Int

    init(of bytes: [UInt8], count: Int) {
        self.bytes = bytes
        self.count = count
    }

    func makeAsyncIterator() -> Iterator { Iterator(rest: bytes[...], count: count) }

    struct Iterator: AsyncIteratorProtocol {
        var rest: ArraySlice<UInt8>
        let count: Int

        mutating func next() async -> [UInt8]? {
            guard !rest.isEmpty else { return nil }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
