import Foundation
import Holdfast
import HoldfastFiles
import HoldfastMemory
import HoldfastTesting
import Testing

/// `files-trials` does the same in the optimised build, with many times more acts and states.
@Suite("The files store and power cuts")
struct StorePowerCutTests {
    @Test(
        "at every operation every acknowledged changeset is there, later ones whole or not at all",
        arguments: [(true, 40), (false, 15)])
    func everyOperation(canSyncWhole: Bool, acts: Int) async throws {
        let seed = UInt64.random(in: 1...999_999)
        let options = StoreOptions(clock: ManualClock())
        let workload = Workload(seed: seed, reference: MemoryStore(options: options))
        let disk = SimulatedDisk()
        disk.setCanSyncWhole(canSyncWhole)
        let store = try await FilesStore(path: "/store", options: options, on: disk)
        try await workload.run(acts: acts, on: store, noting: disk) { try await store.compactAll() }
        try await store.close()
        #expect(workload.problems == [])

        var trial = CutTrial(workload.outcome) { disk, _ in
            try await FilesStore(path: "/store", options: options, on: disk)
        }
        await trial.run(PowerCuts(disk.operations, statesPerBoundary: 2, seed: seed))
        #expect(trial.problems == [])
        print("power cuts: seed \(seed), \(trial.states) states, \(trial.secondStates) more after a second cut")
    }
}
