import Foundation
import Holdfast
import HoldfastFiles
import HoldfastMemory
import HoldfastTesting
import Synchronization

/// Fills the disk at every point of a workload, with bytes or with names, and makes room again.
///
/// The act that meets the full disk is refused as `full` and has changed nothing; everything acknowledged can be read while the
/// disk is full, and is there when the store is opened again, which then takes more.
struct FullDisk {
    var acts: Int
    var seed: UInt64

    func run() async throws {
        print("a full disk over \(acts) acts: seed \(seed)")
        let limits = try await limits()
        let outcomes = await withTaskGroup(of: [Result<Bool, any Error>].self) { group in
            for worker in 0..<FilesTrials.workers {
                group.addTask { await trials(limits, part: worker) }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        let problems = outcomes.compactMap { outcome in
            if case .failure(let error) = outcome { "\(error)" } else { nil }
        }
        guard problems.isEmpty else { throw FilesTrials.Failure(description: problems.joined(separator: "\n")) }
        let refusals = outcomes.count { outcome in if case .success(true) = outcome { true } else { false } }
        guard refusals > 0 else { throw FilesTrials.Failure(description: "no act met the full disk") }
        print(
            "a full disk: seed \(seed), \(acts) acts, full at \(limits.count) points, \(refusals) times an act was refused:",
            "nothing acknowledged was lost")
    }

    /// Whether an act was refused, of each limit whose number leaves `part`, until there are problems enough.
    private func trials(_ limits: [DiskLimit], part: Int) async -> [Result<Bool, any Error>] {
        var outcomes: [Result<Bool, any Error>] = []
        var problems = 0
        for index in stride(from: part, to: limits.count, by: FilesTrials.workers) where problems < 6 {
            do {
                outcomes.append(
                    .success(try await FullDiskTrial(acts: acts, seed: seed, limit: limits[index]).run()))
            } catch {
                problems += 1
                outcomes.append(.failure(FilesTrials.Failure(description: "\(limits[index]): \(error)")))
            }
        }
        return outcomes
    }

    /// Every size that the disk had, and every call that made a name.
    private func limits() async throws -> [DiskLimit] {
        let disk = SimulatedDisk()
        let named = Mutex<[DiskLimit]>([])
        disk.setFault { call in
            if DiskLimit.making.contains(call.name) { named.withLock { $0.append(.names(from: call.number)) } }
            return nil
        }
        let store = try await Sample.open(disk)
        let workload = Workload(seed: seed, reference: MemoryStore(options: Sample.options), isConcurrent: false)
        try await workload.run(acts: acts, on: store, noting: disk) { try await store.compactAll() }
        try await store.close()
        var image = DiskImage()
        var sizes: Set<Int> = []
        for operation in disk.operations {
            image.apply(operation)
            sizes.insert(image.contents.values.reduce(0) { $0 + $1.count })
        }
        return sizes.sorted().map(DiskLimit.bytes) + named.withLock { $0 }
    }
}

/// What there is no more of.
private enum DiskLimit: Sendable {
    /// All files together may have so many.
    case bytes(Int)
    /// No file, folder or entry can be made from this call on.
    case names(from: Int)

    static let making: Set<String> = ["open", "mkdir", "rename"]

    func apply(to disk: SimulatedDisk) {
        switch self {
        case .bytes(let bytes): disk.setCapacity(bytes)
        case .names(let first):
            disk.setFault { call in call.number >= first && Self.making.contains(call.name) ? ENOSPC : nil }
        }
    }
}

/// One workload on a disk with a limit.
private struct FullDiskTrial {
    var acts: Int
    var seed: UInt64
    var limit: DiskLimit

    /// - Returns: whether an act was refused.
    func run() async throws -> Bool {
        let disk = SimulatedDisk()
        var isRefused = false
        limit.apply(to: disk)
        let workload = Workload(seed: seed, reference: MemoryStore(options: Sample.options), isConcurrent: false)
        do {
            let store = try await Sample.open(disk)
            do {
                try await workload.run(acts: acts, on: store, noting: disk) { try await store.compactAll() }
            } catch let error as StoreError {
                try expectFull(error)
                isRefused = true
            }
            try expect(try await VisibleState(of: store), workload.outcome.last, "while it is full")
            makeRoom(on: disk)
            try await store.close()
        } catch let error as StoreError where workload.outcome.acts == 0 {
            // It could not even be made.
            try expectFull(error)
        }
        makeRoom(on: disk)
        try await goOn(on: SimulatedDisk(disk.image), workload.outcome.last)
        return isRefused
    }

    private func makeRoom(on disk: SimulatedDisk) {
        disk.setFault(nil)
        disk.setCapacity(.max)
    }

    private func goOn(on disk: SimulatedDisk, _ expected: VisibleState) async throws {
        let store = try await Sample.open(disk)
        try expect(try await VisibleState(of: store), expected, "opened again")
        let time = Timestamp(milliseconds: 1_767_225_600_000)
        _ = try await store.commit(.creating(.run(named: "later"), .sample(at: time), at: time))
        let findings = try await store.verify().findings
        if !findings.isEmpty { throw FilesTrials.Failure(description: "\(findings)") }
        try await store.close()
    }

    private func expectFull(_ error: StoreError) throws {
        if error.code != .full { throw error }
    }

    private func expect(_ found: VisibleState, _ expected: VisibleState, _ when: String) throws {
        guard found != expected else { return }
        throw FilesTrials.Failure(description: "\(when): \(found.differences(from: expected))")
    }
}
