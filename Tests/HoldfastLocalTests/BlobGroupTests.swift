import Foundation
import Holdfast
import HoldfastTesting
import Synchronization
import Testing

@testable import HoldfastLocal

@Suite("Blobs that are brought to the disk together")
struct BlobGroupTests {
    private let disk = SimulatedDisk()
    private let calls = CallLog()
    private let blobs: BlobFolder

    init() throws {
        blobs = try BlobFolder(folder: "/store/blobs", on: disk, clock: ManualClock())
        disk.setFault { [calls] call in calls.add(call) }
    }

    private func leftovers() throws -> [String] { try disk.names(in: "/store/blobs/incoming") }

    private static func bytes(_ number: Int) -> [UInt8] { [UInt8](repeating: UInt8(number), count: 700 * number) }

    /// Writes blobs, all but the first of which form one group: that one waits at the disk until they are there.
    private func write(_ count: Int, cancelled: Int? = nil) async throws -> [Result<BlobReceipt, any Error>] {
        let gate = Gate()
        disk.setFault { [calls] call in
            if call.name == "fsync" { gate.pass() }
            return calls.add(call)
        }
        let first = Task { try await write(0) }
        try await until { gate.isReached }
        let others = (1...count).map { number in Task { try await write(number) } }
        try await until { blobs.queue.status.waiting >= count }
        if let cancelled { others[cancelled - 1].cancel() }
        calls.clear()
        gate.open()
        _ = await first.result
        var results: [Result<BlobReceipt, any Error>] = []
        for other in others { results.append(await other.result) }
        return results
    }

    private func until(_ isSo: () throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try !isSo() {
            try #require(ContinuousClock.now < deadline)
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private func write(_ number: Int) async throws -> BlobReceipt {
        let receipt = try await blobs.write(ByteStream(Self.bytes(number)))
        disk.note(number)
        return receipt
    }

    @Test("a lone blob: its file is synced before it gets its name, its folders after they got theirs")
    func alone() async throws {
        let digest = try await blobs.write(ByteStream(Array("abc".utf8))).digest
        let syncs = calls.all.filter { $0.name == "fsync" || $0.name == "rename" }
        // What holds the folder's own entry, once, as its maker may have been killed before it could.
        #expect(syncs.prefix(3).map(\.path) == ["/store", "/", "/store/blobs"])
        #expect(syncs.dropFirst(3).map(\.name) == ["fsync", "rename", "fsync"])
        #expect(syncs[3].path.hasPrefix("/store/blobs/incoming/"))
        #expect(syncs[5].path == "/store/blobs/ba")
        calls.clear()
        try await blobs.write(ByteStream(Array("abc".utf8)))
        #expect(calls.all.map(\.name) == ["utimensat", "fsync"])
        #expect(calls.all.last?.path == "/store/blobs/ba")
        #expect(try await blobs.readWhole(digest) == Array("abc".utf8))
    }

    @Test("a small group syncs each file and each folder, a large one the file system, before the names and after")
    func shares() async throws {
        for result in try await write(BlobSyncing.largeGroup - 1) { _ = try result.get() }
        #expect(calls.count("syncfs") == 0)
        #expect(calls.count("fsync") >= 2 * (BlobSyncing.largeGroup - 1))
        let other = try BlobGroupTests()
        for result in try await other.write(40) { _ = try result.get() }
        #expect(other.calls.count("syncfs") == 2)
        #expect(other.calls.count("fsync") <= 6)
        let (synced, renamed) = (other.calls.places("syncfs"), other.calls.places("rename").dropFirst())
        #expect(renamed.count == 40)
        #expect(synced[0] < renamed.min() ?? 0 && renamed.max() ?? .max < synced[1])
        #expect(try other.blobs.list().count == 41)
        #expect(try other.leftovers().isEmpty)
    }

    @Test("a closed folder takes no more blobs, and gives out those that it has")
    func closing() async throws {
        let digest = try await blobs.write(ByteStream(Array("abc".utf8))).digest
        await blobs.close()
        await blobs.close()
        let refusal = await #expect(throws: StoreError.self) { try await write(9) as BlobReceipt }
        #expect(refusal?.code == .unavailable)
        #expect(try blobs.list().count == 1)
        #expect(try await blobs.readWhole(digest) == Array("abc".utf8))
    }

    @Test("where syncfs is not to be relied on, a large group syncs each file and each folder")
    func withoutWholeSync() async throws {
        disk.setCanSyncWhole(false)
        for result in try await write(20) { _ = try result.get() }
        #expect(calls.count("syncfs") == 0)
        #expect(calls.count("fsync") >= 40)
    }

    @Test(
        "a failed sync reaches every caller of the group, and no write is accepted any more", arguments: [true, false])
    func failure(canSyncWhole: Bool) async throws {
        disk.setCanSyncWhole(canSyncWhole)
        let hasPassed = Flag()
        calls.setFault { call in
            if canSyncWhole { return call.name == "syncfs" ? EIO : nil }
            guard call.name == "fsync" && call.path.contains("incoming") else { return nil }
            // That of the blob before the group succeeds, one of those in it fails.
            defer { hasPassed.value.toggle() }
            return hasPassed.value ? EIO : nil
        }
        for result in try await write(20) {
            let error = #expect(throws: StoreError.self) { try result.get() }
            #expect(error?.code == .unavailable)
        }
        #expect(try blobs.list().count == 1)
        calls.setFault { _ in nil }
        let refusal = await #expect(throws: StoreError.self) { try await write(30) as BlobReceipt }
        #expect(refusal?.code == .unavailable)
        #expect(refusal?.detail?.contains("open the store again") == true)
        let large = ByteStream([UInt8](repeating: 1, count: 1 << 20))
        #expect(await #expect(throws: StoreError.self) { try await blobs.write(large) }?.code == .unavailable)
        #expect(try await blobs.readWhole(Digest(of: [])) == [])
        #expect(try leftovers().isEmpty)
        let reopened = try BlobFolder(folder: "/store/blobs", on: disk, clock: ManualClock())
        try await reopened.write(ByteStream(Self.bytes(3)))
    }

    @Test("what fails for one blob alone is no other's failure, nor is a cancelled caller")
    func failureOfOne() async throws {
        let opened = Mutex(0)
        calls.setFault { call in
            guard call.name == "open" else { return nil }
            let number = opened.withLock { count in
                count += 1
                return count
            }
            return number == 5 ? ENOSPC : nil
        }
        let results = try await write(20, cancelled: 7)
        let failures = results.compactMap { result in
            if case .failure(let error) = result { error as? StoreError } else { nil }
        }
        #expect(failures.map(\.code) == [.full])
        #expect(try blobs.list().count == 20)
        for entry in try blobs.list() { try blobs.verify(entry.digest) }
    }

    @Test("a large blob is synced before it joins a group, and its age renewed when it is there")
    func large() async throws {
        let large = [UInt8](repeating: 1, count: (1 << 20) + 5)
        let digest = try await blobs.write(ByteStream(large)).digest
        #expect(calls.all.filter { $0.name == "fsync" && $0.path.contains("incoming") }.count == 1)
        calls.clear()
        #expect(try await blobs.write(ByteStream(large)).digest == digest)
        #expect(calls.all.filter { $0.name == "fsync" }.count == 1)
        try blobs.verify(digest)
        // The second one's file goes with the last who holds it, on a busy machine a moment after the answer.
        try await until { try leftovers().isEmpty }
    }

    @Test(
        "after a power cut at every boundary every blob whose write had returned is there and whole",
        arguments: [true, false])
    func cuts(canSyncWhole: Bool) async throws {
        disk.setCanSyncWhole(canSyncWhole)
        let seed = UInt64.random(in: 1...999_999)
        for result in try await write(10) { _ = try result.get() }
        let digests = (0...10).map { Digest(of: Self.bytes($0)) }
        var states = 0
        try await PowerCuts(disk.operations, statesPerBoundary: 20, seed: seed).forEach { state in
            states += 1
            let left = try BlobFolder(folder: "/store/blobs", on: SimulatedDisk(state.image), clock: ManualClock())
            for number in state.notes {
                #expect(throws: Never.self, "\(state), seed \(seed)") { try left.verify(digests[number]) }
            }
            for entry in try left.list() { try left.verify(entry.digest) }
        }
        print("blobs in a group: \(states) states after kills and power cuts, seed \(seed)")
    }
}

/// What a disk was asked to do, and what is to fail.
private final class CallLog: Sendable {
    private let log = Mutex<[SimulatedDisk.Call]>([])
    private let fault = Mutex<SimulatedDisk.Fault?>(nil)

    var all: [SimulatedDisk.Call] { log.withLock { $0 } }

    func add(_ call: SimulatedDisk.Call) -> Int32? {
        log.withLock { $0.append(call) }
        return fault.withLock { $0 }?(call)
    }

    func setFault(_ fault: @escaping SimulatedDisk.Fault) { self.fault.withLock { $0 = fault } }
    func clear() { log.withLock { $0 = [] } }
    func places(_ name: String) -> [Int] { all.indices.filter { all[$0].name == name } }
    func count(_ name: String) -> Int { places(name).count }
}

/// Holds up whoever comes, until it is opened.
private final class Gate: Sendable {
    private let opening = DispatchSemaphore(value: 0)
    private let reached = Flag()

    var isReached: Bool { reached.value }

    func pass() {
        reached.value = true
        opening.wait()
        opening.signal()
    }

    func open() { opening.signal() }
}
