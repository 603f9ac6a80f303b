/// Damages the files of a store in every way that comes to mind, opens it, and looks whether what is missing was reported.
///
/// An input is made from the seed and its number alone: after a crash, the same seed and a later first number find it again.
struct Fuzzing {
    var first: UInt64
    var inputs: UInt64
    var seed: UInt64

    func run() async throws {
        print("fuzzing with \(inputs) inputs: seed \(seed)")
        let samples = try await Sample.all(seed: seed)
        let tally = try await withThrowingTaskGroup(of: Tally.self) { group in
            for worker in 0..<UInt64(FilesTrials.workers) {
                group.addTask {
                    var tally = Tally()
                    for number in stride(from: first + worker, to: inputs, by: FilesTrials.workers) {
                        try await FuzzInput(samples, seed: seed, number: number).run(&tally)
                    }
                    return tally
                }
            }
            var sum = Tally()
            for try await tally in group { sum.add(tally) }
            return sum
        }
        print("fuzzed with \(tally.inputs) inputs, seed \(seed): \(tally)")
    }
}

/// What became of the inputs.
struct Tally: CustomStringConvertible {
    var inputs = 0
    /// Everything was there.
    var unharmed = 0
    var refusedToOpen = 0
    var tornTails = 0
    var corruptions = 0
    /// Without the file `tail`, what a reader found at an earlier moment.
    var shortened = 0
    /// Files of another store passed for the store's own.
    var exchanged = 0
    /// Lines with a right checksum and wrong content, which only must not end the program.
    var forged = 0

    mutating func add(_ other: Tally) {
        inputs += other.inputs
        unharmed += other.unharmed
        refusedToOpen += other.refusedToOpen
        tornTails += other.tornTails
        corruptions += other.corruptions
        shortened += other.shortened
        exchanged += other.exchanged
        forged += other.forged
    }

    var description: String {
        "\(unharmed) lost nothing, \(tornTails) reported a torn tail, \(corruptions) corruption, \(refusedToOpen) did not open, "
            + "\(shortened) had lost their tail and went back to an earlier moment, \(exchanged) were another store's, \(forged) forged lines; none crashed, none lost anything in silence"
    }
}
