/// The states that the end of a program, or of the power, may leave, at every boundary between two operations.
package struct PowerCuts: Sendable {
    private let start: DiskImage
    private let operations: [DiskOperation]
    private let statesPerBoundary: Int
    private let seed: UInt64

    /// - Parameters:
    ///   - start: what the disk had before the operations.
    ///   - statesPerBoundary: how many, beside the program's end alone; the first leaves nothing that was not synced, the
    ///     others are drawn.
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

    /// Every state of every boundary, in order. Notes are no operations.
    package func forEach(_ body: (State) async throws -> Void) async rethrows {
        var image = start
        var notes: [Int] = []
        var boundary = 0
        try await visit(boundary, image, notes, body)
        for (index, operation) in operations.enumerated() {
            image.apply(operation)
            if case .note(let note) = operation {
                notes.append(note)
            } else {
                boundary += 1
            }
            // A note changes what is expected of the boundary before it.
            if index + 1 < operations.count, case .note = operations[index + 1] { continue }
            try await visit(boundary, image, notes, body)
        }
    }

    private func visit(
        _ boundary: Int, _ image: DiskImage, _ notes: [Int], _ body: (State) async throws -> Void
    ) async rethrows {
        for choice in -1..<statesPerBoundary {
            let seed = SeededGenerator.mix(seed, UInt64(boundary), UInt64(choice + 1))
            let left =
                switch choice {
                case -1: image
                case 0: image.cut(.nothing)
                default: image.cut(.random(seed: seed))
                }
            try await body(
                State(
                    boundary: boundary, choice: choice < 0 ? nil : choice, image: left, notes: notes[...], seed: seed))
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
