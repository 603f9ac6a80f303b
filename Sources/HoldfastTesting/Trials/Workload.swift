package import Holdfast

/// Acts done to a store on a simulated disk and to a reference, and what a reader must find after each of them.
package final class Workload {
    package private(set) var outcome: WorkloadOutcome
    /// What the store answered otherwise than the reference.
    package private(set) var problems: [String] = []
    private let reference: any Store
    private let isConcurrent: Bool
    private var generator: ActGenerator
    private var notes = 0

    /// - Parameters:
    ///   - reference: a store without anything in it, by the same clock as the one that is tried.
    ///   - isConcurrent: whether some acts are asked for at once; otherwise each one after the answer to the one before.
    package init(seed: UInt64, reference: any Store, isConcurrent: Bool = true) {
        outcome = WorkloadOutcome(seed: seed)
        self.reference = reference
        self.isConcurrent = isConcurrent
        generator = ActGenerator(seed: seed)
    }

    /// Does some acts more.
    /// - Parameter compact: takes over into compacted form whatever the store has; `maintain` may leave what is small as it is.
    package func run(
        acts: Int, on store: any Store, noting disk: SimulatedDisk, compact: () async throws -> Void
    ) async throws {
        let goal = outcome.acts + acts
        while outcome.acts < goal {
            let acts = try await generator.next(reference)
            if isConcurrent, acts.count > 1 {
                try await carryOutAtOnce(acts, on: store, noting: disk)
            } else {
                for act in acts { try await carryOut(act, on: store, noting: disk, compact) }
            }
        }
    }

    private func carryOut(
        _ act: Act, on store: any Store, noting disk: SimulatedDisk, _ compact: () async throws -> Void
    ) async throws {
        if case .compact = act { try await compact() }
        let done = try await act.perform(on: store)
        notes += 1
        disk.note(notes)
        try await follow(act, done.answer, note: notes)
    }

    private func carryOutAtOnce(_ acts: [Act], on store: any Store, noting disk: SimulatedDisk) async throws {
        let first = notes + 1
        notes += acts.count
        typealias Done = (index: Int, answer: Act.Answer, position: Int64)
        let done = try await withThrowingTaskGroup(of: Done.self) { group in
            for (index, act) in acts.enumerated() {
                group.addTask {
                    let done = try await act.perform(on: store)
                    disk.note(first + index)
                    return (index, done.answer, done.position?.rawValue ?? 0)
                }
            }
            return try await group.reduce(into: [Done]()) { $0.append($1) }
        }
        for (index, answer, _) in done.sorted(by: { $0.position < $1.position }) {
            try await follow(acts[index], answer, note: first + index)
        }
    }

    /// Does to the reference what was done to the store.
    private func follow(_ act: Act, _ answer: Act.Answer, note: Int) async throws {
        let other = try await act.perform(on: reference).answer
        if answer != other { problems.append("act \(outcome.acts + 1): \(answer), and the reference says \(other)") }
        generator.learn(act, answer)
        var state = outcome.expected[outcome.acts]
        try await state.update(act.touched, from: reference)
        outcome.expected.append(state)
        outcome.reached[note] = outcome.acts
    }
}

/// What a reader must find after so many acts of a workload.
package struct WorkloadOutcome: Sendable {
    package let seed: UInt64
    /// After none of the acts, after the first, …; in the order in which the store has them.
    package fileprivate(set) var expected = [VisibleState()]
    /// By what was noted on the disk when an act was acknowledged: how many acts the store had then at least.
    fileprivate var reached: [Int: Int] = [:]

    package var acts: Int { expected.count - 1 }
    /// After everything that was acknowledged.
    package var last: VisibleState { expected[acts] }

    fileprivate init(seed: UInt64) { self.seed = seed }

    /// What may be found when this was noted: everything that was acknowledged, and perhaps what was under way.
    package func allowed(_ noted: ArraySlice<Int>) -> ArraySlice<VisibleState> {
        let acknowledged = noted.reduce(0) { max($0, reached[$1] ?? 0) }
        return expected[acknowledged...min(acknowledged + ActGenerator.atOnce, acts)]
    }
}
