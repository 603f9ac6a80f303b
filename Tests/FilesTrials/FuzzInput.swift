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
        try await look(at: store, damaging, &tally)
        try await store.close()
    }

    private func look(at store: FilesStore, _ damaging: Damaging, _ tally: inout Tally) async throws {
        var found: VisibleState?
        do {
            found = try await VisibleState(of: store)
        } catch let error as StoreError {
            try expect(error, among: [.corrupt])
        }
        if isForged { return tally.forged += 1 }
        if found == sample.state { return tally.unharmed += 1 }
        if try await reportsCorruption(store) {
            tally.corruptions += 1
        } else if damaging.isMixed {
            // What another store has at its beginning, under a tail that knows less of it, is that store.
            tally.exchanged += 1
        } else if let found, store.tornBytes > 0 {
            try expectTruth(found)
            tally.tornTails += 1
        } else if let found, damaging.hasLostTail, sample.states.contains(found) {
            // Nothing is left that knows of more: as after a power cut before the rest was on the disk.
            tally.shortened += 1
        } else {
            throw failure("lost in silence: \(found?.differences(from: sample.state) ?? "unreadable")")
        }
    }

    /// To whoever writes, or to whoever asks.
    private func reportsCorruption(_ store: FilesStore) async throws -> Bool {
        do {
            _ = try await store.commit(Changeset())
        } catch {
            try expect(error, among: [.corrupt])
            return true
        }
        return try await !store.maintain(MaintenanceRequest(check: true)).findings.isEmpty
    }

    /// Whatever is left of a history must be what it was. Those that are back were deleted in the end that was torn off.
    private func expectTruth(_ found: VisibleState) throws {
        for (id, history) in found.histories {
            guard let events = sample.state.histories[id]?.events else { continue }
            guard events.starts(with: history.events) else { throw failure("\(id) tells something else") }
        }
    }

    private func expect(_ error: StoreError, among codes: [StoreError.Code]) throws {
        guard codes.contains(error.code) else { throw failure("\(error)") }
    }

    private func failure(_ problem: String) -> FilesTrials.Failure {
        FilesTrials.Failure(description: "input \(number): \(problem)")
    }
}
