/// A regular expression of ECMA-262, checked, whose cost is bounded; matches anywhere in a text unless it has anchors.
///
/// Not supported, and refused: references back to a group, scripts (`\p{Script=…}`), inline flags. See the article
/// *Artifacts, schemas and the cache*.
struct Pattern: Sendable, Hashable {
    let text: String
    private let program: PatternProgram
    /// Inner ones before those that hold them.
    private let assertions: [Assertion]

    /// An assertion of the pattern, with its own program when it looks around.
    enum Assertion: Sendable, Hashable {
        case start
        case end
        case wordBoundary(isNegated: Bool)
        case look(PatternProgram, isNegated: Bool)

        private static let maximumCount = 200

        static func add(
            _ assertion: PatternAssertion, to assertions: inout [Assertion]
        ) throws(PatternError) -> Int {
            let added: Assertion
            switch assertion {
            case .start: added = .start
            case .end: added = .end
            case .wordBoundary(let isNegated): added = .wordBoundary(isNegated: isNegated)
            case .look(let body, let isAhead, let isNegated):
                added = .look(
                    try PatternProgram(body, isBackward: isAhead, assertions: &assertions), isNegated: isNegated)
            }
            if let known = assertions.firstIndex(of: added) { return known }
            guard assertions.count < maximumCount else { throw PatternError("it has too many assertions") }
            assertions.append(added)
            return assertions.count - 1
        }
    }

    /// - Throws: `PatternError` for what is no pattern, what is not supported, and what could run away.
    init(_ text: String) throws(PatternError) {
        self.text = text
        let node = try PatternParser.parse(text)
        if let flaw = PatternShape.flaw(of: node) {
            throw PatternError("it could run away on some texts: \(flaw)")
        }
        var assertions: [Assertion] = []
        program = try PatternProgram(node, assertions: &assertions)
        self.assertions = assertions
    }

    /// Whether the pattern matches somewhere in the text.
    /// - Parameter work: how many more steps may be taken; counted down.
    /// - Returns: nil when they ran out.
    func matches(_ text: String, work: inout Int) -> Bool? {
        var matcher = PatternMatcher(scalars: text.unicodeScalars.map(\.value), work: work)
        defer { work = matcher.work }
        for assertion in assertions { guard matcher.learn(assertion) else { return nil } }
        return matcher.finds(program)
    }
}
