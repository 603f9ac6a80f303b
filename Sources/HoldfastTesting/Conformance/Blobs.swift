import Holdfast
import Testing

// Large bytes: content-addressed, read in ranges, collected when nothing uses them.

extension StoreConformance {
    static let blobs: [ConformanceCase] = [
        ConformanceCase("a blob is stored under the SHA-256 of its bytes and read back whole") { bench in
            for size in [0, 1, 65_536, 3_000_001] {
                let bytes = patterned(size)
                let receipt = try await bench.store.writeBlob(pieces(of: bytes))
                #expect(receipt == BlobReceipt(digest: Digest(of: bytes), size: Int64(size)))
                let read = try await bench.store.readBlob(receipt.digest)
                #expect(Digest(of: read) == receipt.digest)
                #expect(try await bench.store.writeBlob(ByteStream(bytes)) == receipt)
            }
        },
        ConformanceCase("a range of a blob is read alone, clamped to its size") { bench in
            let bytes = patterned(200_000)
            let digest = try await bench.store.writeBlob(pieces(of: bytes)).digest
            for range: Range<Int64> in [
                0..<1, 0..<200_000, 99_999..<150_001, 199_999..<200_000, 5..<5, 199_990..<300_000, 200_000..<200_001,
                900_000..<1_000_000, -5..<3, 0..<Int64.max,
            ] {
                let wanted = range.clamped(to: 0..<200_000)
                let read = try await bench.store.readBlob(digest, range: range).collect()
                let isRight = read.elementsEqual(bytes[Int(wanted.lowerBound)..<Int(wanted.upperBound)])
                #expect(isRight, "\(range)")
            }
        },
        ConformanceCase("reading an unknown blob is refused as notFound") { bench in
            await expectError(.notFound) { _ = try await bench.store.readBlob(Digest(of: [1])) }
            await expectError(.notFound) {
                _ = try await bench.store.readBlob(Digest(of: [1]), range: 0..<1).collect()
            }
        },
        ConformanceCase("an error of the stream is the cause of unavailable, and leaves no blob") { bench in
            struct StreamFailure: Error {}
            let broken = ByteStream {
                var sent = 0
                return {
                    sent += 1
                    if sent > 3 { throw StreamFailure() }
                    return [1, 2, 3]
                }
            }
            let error = await expectError(.unavailable) { _ = try await bench.store.writeBlob(broken) }
            #expect(error?.cause is StreamFailure)
            let part = Digest(of: [1, 2, 3, 1, 2, 3, 1, 2, 3])
            await expectError(.notFound) { _ = try await bench.store.readBlob(part) }
        },
        ConformanceCase("one blob written many times at once is one blob") { bench in
            let bytes = patterned(100_000)
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 12) { index in
                let receipt = try await (index % 2 == 0 ? bench : other).store.writeBlob(pieces(of: bytes))
                #expect(receipt.digest == Digest(of: bytes))
            }
            #expect(outcomes.allSatisfy { $0 == nil })
            let read = try await bench.store.readBlob(Digest(of: bytes))
            #expect(Digest(of: read) == Digest(of: bytes))
            #expect(try await collect(bench, after: .seconds(48 * 3600)).blobsCollected == 1)
        },
        ConformanceCase("a commit that names a blob which is not there is refused as notFound, naming it") { bench in
            let lease = try await bench.createStarted("a")
            let known = try await bench.store.writeBlob(ByteStream([1])).digest
            let unknown = Digest(of: [2])
            let finished = TaskFinished(
                instance: InstanceID(TaskID(unchecked: "t")), tryNumber: 1, state: .success,
                artifacts: [artifact(known, key: "a"), artifact(unknown, key: "b")])
            for payload in [EventPayload.artifactSaved(artifact(unknown)), .taskFinished(finished)] {
                let error = try await bench.refuses(.notFound) {
                    _ = try await bench.store.commit(bench.owned(by: lease, payload))
                }
                #expect(error?.subject.contains(unknown.hexadecimal) == true)
            }
            #expect(try await collect(bench, after: .seconds(48 * 3600)).blobsCollected == 1)
        },
        ConformanceCase("collection spares what a history has named, until that is deleted") { bench in
            let digest = try await bench.store.writeBlob(ByteStream(patterned(1000))).digest
            let leases = [try await bench.createStarted("a"), try await bench.createStarted("b")]
            for lease in leases {
                _ = try await bench.store.commit(bench.owned(by: lease, .artifactSaved(artifact(digest))))
            }
            _ = try await bench.store.commit(
                bench.owned(by: leases[0], .artifactDeleted(ArtifactKey(unchecked: "report"))))
            #expect(try await collect(bench, after: .seconds(48 * 3600)).blobsCollected == 0)
            try await bench.delete(leases[0])
            #expect(try await collect(bench).blobsCollected == 0)
            #expect(try await bench.store.readBlob(digest).count == 1000)
            try await bench.delete(leases[1])
            let report = try await collect(bench)
            #expect(report.blobsCollected == 1)
            #expect(report.bytesFreed == 1000)
            await expectError(.notFound) { _ = try await bench.store.readBlob(digest) }
        },
        ConformanceCase("collection spares the young, and writing a blob again makes it young") { bench in
            let digest = try await bench.store.writeBlob(ByteStream([1, 2, 3])).digest
            #expect(try await collect(bench, after: .seconds(20 * 3600)).blobsCollected == 0)
            _ = try await bench.store.writeBlob(ByteStream([1, 2, 3]))
            #expect(try await collect(bench, after: .seconds(20 * 3600)).blobsCollected == 0)
            #expect(try await bench.store.readBlob(digest) == [1, 2, 3])
            #expect(try await collect(bench, after: .seconds(5 * 3600)).blobsCollected == 1)
        },
        ConformanceCase("a payload over the inline limit goes through a blob and comes back whole") { bench in
            let lease = try await bench.createStarted("a")
            let large = EventPayload.step("s", .string(String(repeating: "x", count: 200_000)))
            _ = try await bench.store.commitSpilling(bench.owned(by: lease, large))
            let stored = try #require(try await bench.events(lease.history).last)
            #expect(stored.payload.type == "step")
            #expect(stored.payload.blobs.count == 1)
            #expect(try await bench.store.resolve(stored).payload == large)
            #expect(try await collect(bench, after: .seconds(48 * 3600)).blobsCollected == 0)
        },
    ]

    private static func collect(
        _ bench: Workbench, after duration: Duration = .zero
    ) async throws -> MaintenanceReport {
        bench.clock.advance(by: duration)
        return try await bench.store.maintain(
            MaintenanceRequest(collectBlobsOlderThan: MaintenanceRequest.usualBlobAge))
    }

    private static func artifact(_ digest: Digest, key: String = "report") -> ArtifactReference {
        ArtifactReference(key: ArtifactKey(unchecked: key), mediaType: "text/plain", digest: digest, size: 1)
    }

    private static func patterned(_ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    }

    /// Pieces of uneven sizes, an empty one among them.
    private static func pieces(of bytes: [UInt8]) -> ByteStream {
        ByteStream {
            var rest = bytes[...]
            var size = 0
            return {
                guard !rest.isEmpty else { return nil }
                let piece = Array(rest.prefix(size))
                rest = rest.dropFirst(size)
                size = (size * 3 + 1) % 50_000
                return piece
            }
        }
    }
}
