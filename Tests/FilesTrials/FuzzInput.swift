import Holdfast
import HoldfastFiles
import HoldfastTesting

/// One damaged store.
struct FuzzInput {
    private let sample: Sample
    private let other: Sample
    private let seed: UInt64
    private let number: UInt64
    private let isForged: Bool

    init(_ samples: [Sample], seed: UInt64, number: UInt64) {
        var random = SeededGenerator(seed: SeededGenerator.mix(seed, number))
        sample = samples[Int.random(in: 0..<samples.count, using: &random)]
        other = samples[Int.random(in: 0..<samples.count, using: &random)]
        isForged = Int.random(in: 0..<4, using: &random) == 0
        self.seed = random.next()
        self.number = number
    }

    func run(_ tally: inout Tally) async throws {
        tally.inputs += 1
        var damaging = Damaging(sample.files, seed: seed)
        if isForged { damaging.forgeLine() } else { damaging.damage(other.files) }
        let store: FilesStore
        do {
            store = try await Sample.open(SimulatedDisk(DiskImage(contents: damaging.files)))
        } catch let error as StoreError {
            try expect(error, among: [.corrupt, .notAStore, .newerFormat])
            tally.refusedToOpen += 1
            return
        }
        try await look(at: store, &tally)
        try await store.close()
    }

    private func look(at store: FilesStore, _ tally: inout Tally) async throws {
        var found: VisibleState?
        do {
            found = try await VisibleState(of: store)
        } catch let error as StoreError {
            try expect(error, among: [.corrupt])
        }
        let findings = try await store.maintain(MaintenanceRequest(check: true)).findings
        if isForged { return tally.forged += 1 }
        if let found { try expectTruth(found) }
        // With all files of another store it is that one.
        if found == sample.state || found == other.state {
            tally.unharmed += 1
        } else if !findings.isEmpty {
            tally.corruptions += 1
        } else if store.tornBytes > 0 {
            tally.tornTails += 1
        } else {
            throw failure("lost in silence: \(found?.differences(from: sample.state) ?? "unreadable")")
        }
    }

    /// Whatever is left of a history must be what it was, here or in the store that a file was taken over from.
    private func expectTruth(_ found: VisibleState) throws {
        for (id, history) in found.histories {
            let known = [sample, other].compactMap { $0.state.histories[id]?.events }
            guard known.isEmpty || known.contains(where: { $0.starts(with: history.events) }) else {
                throw failure("\(id) tells something else")
            }
        }
    }

    private func expect(_ error: StoreError, among codes: [StoreError.Code]) throws {
        guard codes.contains(error.code) else { throw failure("\(error)") }
    }

    private func failure(_ problem: String) -> FilesTrials.Failure {
        FilesTrials.Failure(description: "input \(number): \(problem)")
    }
}
