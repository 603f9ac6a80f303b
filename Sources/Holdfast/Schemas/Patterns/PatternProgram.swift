/// A pattern as a nondeterministic automaton: every state is entered at most once for each place of the text, so that
/// the cost goes by the product of both lengths whatever the pattern is.
struct PatternProgram: Sendable, Hashable {
    enum State: Sendable, Hashable {
        case scalars(ScalarSet, next: Int)
        case split([Int])
        /// Goes on where an assertion of the pattern holds.
        case assertion(Int, next: Int)
        case match
    }

    private(set) var states: [State] = []
    private(set) var start = 0
    /// How many nodes were built: repeats of what is empty add no states, but take their time.
    private var built = 0
    /// Whether it reads the text from its end: how far back a lookahead's matches begin.
    let isBackward: Bool

    static let maximumSize = 5000

    /// - Parameter assertions: those of the whole pattern; the node's are added, inner ones first.
    init(
        _ node: PatternNode, isBackward: Bool = false, assertions: inout [Pattern.Assertion]
    ) throws(PatternError) {
        self.isBackward = isBackward
        let match = try add(.match)
        start = try build(node, next: match, &assertions)
    }

    private mutating func add(_ state: State) throws(PatternError) -> Int {
        guard states.count < Self.maximumSize else { throw Self.tooLarge }
        states.append(state)
        return states.count - 1
    }

    private static let tooLarge = PatternError("it comes to more than \(maximumSize) states; repeat less often")

    /// Builds from the end: gives the state to enter, behind which `next` comes.
    private mutating func build(
        _ node: PatternNode, next: Int, _ assertions: inout [Pattern.Assertion]
    ) throws(PatternError) -> Int {
        built += 1
        guard built <= 4 * Self.maximumSize else { throw Self.tooLarge }
        switch node {
        case .scalars(let set): return try add(.scalars(set, next: next))
        case .sequence(let parts):
            var entry = next
            for part in isBackward ? parts : parts.reversed() { entry = try build(part, next: entry, &assertions) }
            return entry
        case .choice(let parts):
            var entries: [Int] = []
            for part in parts { entries.append(try build(part, next: next, &assertions)) }
            return try add(.split(entries))
        case .repetition(let body, let minimum, let maximum):
            var entry = try tail(of: body, rounds: maximum.map { $0 - minimum }, next: next, &assertions)
            for _ in 0..<minimum { entry = try build(body, next: entry, &assertions) }
            return entry
        case .assertion(let assertion):
            let index = try Pattern.Assertion.add(assertion, to: &assertions)
            return try add(.assertion(index, next: next))
        }
    }

    /// The rounds that may be left out.
    private mutating func tail(
        of body: PatternNode, rounds: Int?, next: Int, _ assertions: inout [Pattern.Assertion]
    ) throws(PatternError) -> Int {
        guard let rounds else {
            let loop = try add(.split([next]))
            let entry = try build(body, next: loop, &assertions)
            states[loop] = .split([entry, next])
            return loop
        }
        var entry = next
        for _ in 0..<rounds { entry = try add(.split([try build(body, next: entry, &assertions), next])) }
        return entry
    }
}
