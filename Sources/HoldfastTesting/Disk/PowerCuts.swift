/// The states that the end of a program, or of the power, may leave, at every boundary between two operations.
package struct PowerCuts: Sendable {
    private let start: DiskImage
    private let operations: [DiskOperation]
    private let statesPerBoundary: Int
    private let seed: UInt64

    /// - Parameters:
    ///   - start: what the disk had before the operations.
    ///   - statesPerBoundary: how many power cuts, beside the program's end alone; the first leaves nothing that was not
    ///     synced, the others are drawn.
    package init(
        _ operations: [DiskOperation], on start: DiskImage = DiskImage(), statesPerBoundary: Int, seed: UInt64
    ) {
        self.start = start
        self.operations = operations
        self.statesPerBoundary = statesPerBoundary
        self.seed = seed
    }

    package struct State: Sendable, CustomStringConvertible {
        /// How many operations came before.
        package var boundary: Int
        /// Nil: only the program ended, and what was not synced is still so. 0: nothing that was not synced is left.
        package var choice: Int?
        package var image: DiskImage
        /// What was noted before.
        package var notes: ArraySlice<Int>
        /// For further choices that belong to this state.
        package var seed: UInt64

        package var description: String {
            choice.map { "state \($0) of a power cut after operation \(boundary)" }
                ?? "a kill after operation \(boundary)"
        }
    }

    /// Every state of every boundary, in order; or of those boundaries whose number leaves `part` when it is divided by
    /// `parts`, so that several can share the work.
    package func forEach(
        part: Int = 0, of parts: Int = 1, _ body: (State) async throws -> Void
    ) async rethrows {
        var reached = Boundary(image: start)
        for operation in operations {
            if case .note = operation {
                // It is no operation: it says more about the boundary that is reached already.
            } else if reached.number % parts == part {
                for state in states(at: reached) { try await body(state) }
            }
            reached.pass(operation)
        }
        if reached.number % parts == part { for state in states(at: reached) { try await body(state) } }
    }

    /// The states of the boundary behind all operations.
    package func last() -> [State] {
        var reached = Boundary(image: start)
        for operation in operations { reached.pass(operation) }
        return states(at: reached)
    }

    private struct Boundary {
        var image: DiskImage
        var notes: [Int] = []
        var number = 0

        mutating func pass(_ operation: DiskOperation) {
            image.apply(operation)
            if case .note(let note) = operation { notes.append(note) } else { number += 1 }
        }
    }

    private func states(at boundary: Boundary) -> [State] {
        (-1..<statesPerBoundary).map { choice in
            let seed = SeededGenerator.mix(seed, UInt64(boundary.number), UInt64(choice + 1))
            let left =
                switch choice {
                case -1: boundary.image
                case 0: boundary.image.cut(.nothing)
                default: boundary.image.cut(.random(seed: seed))
                }
            return State(
                boundary: boundary.number, choice: choice < 0 ? nil : choice, image: left, notes: boundary.notes[...],
                seed: seed)
        }
    }
}

extension SeededGenerator {
    /// A seed that depends on all of these.
    package static func mix(_ parts: UInt64...) -> UInt64 {
        parts.reduce(0) { seed, part in
            var generator = SeededGenerator(seed: seed ^ part)
            return generator.next()
        }
    }
}
