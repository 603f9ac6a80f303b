/// Chooses what a power cut leaves of all that is not on the disk for sure.
package struct CutChoice: Sendable {
    enum Fate { case absent, present, torn }

    private enum Manner { case nothing, everything, random }

    private let manner: Manner
    private var random: SeededGenerator

    private init(_ manner: Manner, seed: UInt64 = 0) {
        self.manner = manner
        random = SeededGenerator(seed: seed)
    }

    /// Nothing but what was synced.
    package static var nothing: CutChoice { CutChoice(.nothing) }
    /// Everything, as when only the program dies.
    package static var everything: CutChoice { CutChoice(.everything) }
    /// For each file and each change of a folder another choice.
    package static func random(seed: UInt64) -> CutChoice { CutChoice(.random, seed: seed) }

    /// What becomes of the writes to one file.
    mutating func fate() -> Fate {
        switch manner {
        case .nothing: .absent
        case .everything: .present
        case .random: [.absent, .present, .torn, .torn][index(below: 4)]
        }
    }

    /// Whether one change is on the disk.
    mutating func keeps() -> Bool {
        switch manner {
        case .nothing: false
        case .everything: true
        case .random: Bool.random(using: &random)
        }
    }

    mutating func index(below count: Int) -> Int { Int.random(in: 0..<count, using: &random) }
}
