import Foundation
import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastLocal

@Suite("The simulated disk")
struct SimulatedDiskTests {
    let disk = SimulatedDisk()

    private func make(_ path: String, _ text: String = "", synced: Bool = true) throws -> any OpenFile {
        let file = try disk.open(path, .createNew)
        try file.write(Array(text.utf8), at: 0)
        if synced {
            try file.sync()
            try disk.open(folder: parent(of: path)).sync()
        }
        return file
    }

    private func text(_ path: String, in image: DiskImage? = nil) throws -> String? {
        let disk = image.map { SimulatedDisk($0) } ?? disk
        guard try disk.status(path) != nil else { return nil }
        return String(decoding: try disk.open(path, .readOnly).read(10_000, at: 0), as: UTF8.self)
    }

    /// What a hundred power cuts at this moment leave of a file.
    private func texts(_ path: String) throws -> Set<String?> {
        Set(try (0..<100).map { try text(path, in: disk.image.cut(.random(seed: $0))) })
    }

    @Test("what was synced is left by every power cut, what was not may be there, be absent, or be torn at sectors")
    func content() throws {
        let file = try make("/a", "old")
        #expect(try texts("/a") == ["old"])
        try file.write(Array("new".utf8), at: 0)
        #expect(try text("/a") == "new")
        #expect(try texts("/a") == ["old", "new"])
        try file.syncContent()
        #expect(try texts("/a") == ["new"])
        let sectors = [UInt8](repeating: UInt8(ascii: "x"), count: 1024)
        try file.write(sectors, at: 0)
        let torn = try texts("/a").compactMap { $0 }
        #expect(torn.contains { $0.hasPrefix("xxx") && $0.utf8.count == 1024 && $0.utf8.last == 0 })
        #expect(torn.contains { $0.hasPrefix("new") && $0.utf8.last == UInt8(ascii: "x") })
    }

    @Test("entries made, moved and removed since the folder's last sync may be there or not; a move is whole")
    func entries() throws {
        _ = try make("/a", "a", synced: false)
        #expect(try text("/a", in: disk.image.cut(.nothing)) == nil)
        #expect(try Set(texts("/a").map { $0 == nil }) == [true, false])
        try disk.open("/a", .readOnly).sync()
        try disk.open(folder: "/").sync()
        try disk.move("/a", to: "/b")
        for seed in 0..<100 as Range<UInt64> {
            let left = disk.image.cut(.random(seed: seed))
            #expect(try (text("/a", in: left) == "a") != (text("/b", in: left) == "a"))
        }
        try disk.open(folder: "/").sync()
        #expect(try disk.remove("/b"))
        #expect(try texts("/b") == ["a", nil])
    }

    @Test("what a failed fsync was to bring to the disk is readable, and no later fsync makes it durable")
    func failedSync() throws {
        let file = try make("/a", "old")
        try file.write(Array("new".utf8), at: 0)
        disk.setFault { $0.name == "fsync" ? EIO : nil }
        #expect(throws: SystemCallError("fsync", "/a", code: EIO)) { try file.sync() }
        disk.setFault(nil)
        try file.sync()
        #expect(try text("/a") == "new")
        #expect(try text("/a", in: disk.image.cut(.nothing)) == "old")
        try file.write(Array("new".utf8), at: 0)
        try file.sync()
        #expect(try texts("/a") == ["new"])
    }

    @Test("a syncfs that failed loses what was written to any file")
    func failedWholeSync() throws {
        let files = try ["/a", "/b"].map { try make($0, "old") }
        for file in files { try file.write(Array("new".utf8), at: 0) }
        disk.setFault { $0.name == "syncfs" ? EIO : nil }
        #expect(throws: SystemCallError("syncfs", "/", code: EIO)) { try disk.open(folder: "/").syncFileSystem() }
        disk.setFault(nil)
        try disk.open(folder: "/").syncFileSystem()
        for path in ["/a", "/b"] {
            #expect(try text(path) == "new")
            #expect(try text(path, in: disk.image.cut(.nothing)) == "old")
        }
    }

    @Test("calls fail as they are told: a write leaves a part, a full disk refuses to grow a file")
    func faults() throws {
        let file = try make("/a", "1234")
        disk.setFault { [number = disk.calls] in $0.number == number + 1 ? EDQUOT : nil }
        #expect(throws: SystemCallError("write", "/a", code: EDQUOT)) { try file.write(Array("abcd".utf8), at: 0) }
        #expect(try text("/a") == "ab34")
        disk.setCapacity(4)
        #expect(throws: SystemCallError("write", "/a", code: ENOSPC)) { try file.write([0], at: 4) }
        try file.write([UInt8(ascii: "x")], at: 3)
        #expect(try text("/a") == "ab3x")
    }

    @Test("shared words are seen by who opens them too; after a power cut each has any value it ever had")
    func words() throws {
        let (one, other) = (try disk.sharedWords("/w", count: 2), try disk.sharedWords("/w", count: 2))
        try disk.open(folder: "/").sync()
        for value in 1...3 as ClosedRange<UInt64> { for index in 0...1 { one.store(value, at: index) } }
        #expect(other.load(0) == 3 && other.load(1) == 3)
        let pairs = try (0..<200 as Range<UInt64>).map { seed in
            let left = try SimulatedDisk(disk.image.cut(.random(seed: seed))).sharedWords("/w", count: 2)
            return [left.load(0), left.load(1)]
        }
        for expected in [[0, 0], [3, 3], [1, 3], [3, 1]] as [[UInt64]] { #expect(pairs.contains(expected)) }
    }

    @Test("locks are between open files and end with them")
    func locks() throws {
        let one = try disk.open("/lock", .create)
        var other: (any OpenFile)? = try disk.open("/lock", .create)
        #expect(try other?.tryLock(.exclusive) == true)
        #expect(try !one.tryLock(.shared))
        other = nil
        #expect(try one.tryLock(.shared))
        #expect(try disk.open("/lock", .readOnly).tryLock(.shared))
        #expect(try !disk.open("/lock", .readOnly).tryLock(.exclusive))
    }

    @Test("after a power cut at every boundary every blob whose write had returned is there and whole")
    func blobs() async throws {
        let seed = UInt64.random(in: 1...999_999)
        let blobs = (0..<6).map { [UInt8](repeating: UInt8($0), count: 700 * $0) }
        let folder = try BlobFolder(folder: "/store/blobs", on: disk, clock: ManualClock())
        for (number, blob) in blobs.enumerated() {
            try await folder.write(ByteStream(blob))
            disk.note(number)
        }
        var states = 0
        let cuts = PowerCuts(disk.operations, statesPerBoundary: 20, seed: seed)
        try await cuts.forEach { state in
            states += 1
            let left = try BlobFolder(folder: "/store/blobs", on: SimulatedDisk(state.image), clock: ManualClock())
            for number in state.notes {
                let read = try await left.readWhole(Digest(of: blobs[number]))
                #expect(read == blobs[number], "\(state), seed \(seed)")
            }
            for entry in try left.list() { try left.verify(entry.digest) }
        }
        print("blobs: \(states) states after kills and power cuts, seed \(seed)")
    }

    @Test("what another process left half done when it was killed does not make a later write less durable")
    func blobsAfterKills() async throws {
        let blob = [UInt8](repeating: 7, count: 2000)
        try await BlobFolder(folder: "/store/blobs", on: disk, clock: ManualClock()).write(ByteStream(blob))
        try await PowerCuts(disk.operations, statesPerBoundary: 0, seed: 0).forEach { killed in
            let disk = SimulatedDisk(killed.image)
            try await BlobFolder(folder: "/store/blobs", on: disk, clock: ManualClock()).write(ByteStream(blob))
            let left = SimulatedDisk(disk.image.cut(.nothing))
            let folder = try BlobFolder(folder: "/store/blobs", on: left, clock: ManualClock())
            #expect(throws: Never.self, "\(killed)") { try folder.verify(Digest(of: blob)) }
        }
    }
}
