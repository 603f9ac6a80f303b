import Holdfast
import HoldfastFiles
import HoldfastMemory
import HoldfastTesting

/// Cuts the power at every operation of a workload, on the journal and on the readable files beside it.
struct Cuts {
    var acts: Int
    var seed: UInt64

    func run() async throws {
        print("power cuts over \(acts) acts: seed \(seed)")
        let workload = Workload(seed: seed, reference: MemoryStore(options: Sample.options))
        let disk = SimulatedDisk()
        let store = try await Sample.openShown(disk, bootID: "before the cut")
        try await workload.run(acts: acts, on: store, noting: disk) { try await store.compactAll() }
        try await store.close()
        let cuts = PowerCuts(disk.operations, statesPerBoundary: 2, seed: seed)
        let trials = await trials(workload.outcome, cuts)
        let problems = workload.problems + trials.flatMap(\.problems)
        guard problems.isEmpty else {
            throw FilesTrials.Failure(description: problems.joined(separator: "\n"))
        }
        print(
            "power cuts: seed \(seed), \(workload.outcome.acts) acts, \(disk.operations.count) operations,",
            "\(trials.reduce(0) { $0 + $1.states }) states,",
            "\(trials.reduce(0) { $0 + $1.secondStates }) more after a second cut: nothing acknowledged was lost")
    }

    private func trials(_ outcome: WorkloadOutcome, _ cuts: PowerCuts) async -> [CutTrial] {
        await withTaskGroup(of: CutTrial.self) { group in
            for worker in 0..<FilesTrials.workers {
                group.addTask {
                    var trial = CutTrial(outcome) { disk, isThorough in
                        isThorough
                            ? try await Sample.openShown(disk, bootID: "after it") : try await Sample.open(disk)
                    }
                    await trial.run(cuts, part: worker, of: FilesTrials.workers)
                    return trial
                }
            }
            var trials: [CutTrial] = []
            for await trial in group { trials.append(trial) }
            return trials
        }
    }
}
