import Holdfast
import HoldfastFiles
import HoldfastMemory
import HoldfastLocal
import HoldfastTesting

/// The files of a small store, whole, and what a reader finds in it.
struct Sample: Sendable {
    let files: [String: [UInt8]]
    let state: VisibleState
    /// At every moment from the beginning on.
    let states: [VisibleState]

    /// Some with a journal only, some that were compacted once or twice.
    static func all(seed: UInt64) async throws -> [Sample] {
        var samples: [Sample] = []
        for number in 0..<8 as Range<UInt64> {
            let workload = Workload(
                seed: SeededGenerator.mix(seed, number), reference: MemoryStore(options: options))
            let disk = SimulatedDisk()
            let store = try await open(disk)
            try await workload.run(acts: 8, on: store, noting: disk) { try await store.compactAll() }
            for _ in 0..<number % 3 {
                try await store.compactAll()
                try await workload.run(acts: 8, on: store, noting: disk) { try await store.compactAll() }
            }
            let state = try await VisibleState(of: store)
            try await store.close()
            samples.append(Sample(files: disk.image.contents, state: state, states: workload.outcome.expected))
        }
        return samples
    }

    static var options: StoreOptions { StoreOptions(clock: ManualClock()) }

    static func open(_ disk: any FileSystem) async throws -> FilesStore {
        try await FilesStore(path: "/store", options: options, on: disk)
    }

    /// With readable files beside the journal, which follow it as closely as they can.
    /// - Parameter bootID: another one after a power cut.
    static func openShown(_ disk: any FileSystem, bootID: String) async throws -> FilesStore {
        let store = try await open(disk)
        var configuration = ReadableFiles.Configuration()
        configuration.settling = .zero
        configuration.interval = .milliseconds(1)
        configuration.bootID = bootID
        await store.showReadableFiles(configuration: configuration)
        return store
    }
}
