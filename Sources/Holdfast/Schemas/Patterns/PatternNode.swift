/// A regular expression, taken apart. Captures are groups like others: only whether a pattern matches is asked.
indirect enum PatternNode: Sendable, Hashable {
    case scalars(ScalarSet)
    case sequence([PatternNode])
    case choice([PatternNode])
    /// Greedy or not is the same: only whether it matches is asked.
    case repetition(PatternNode, minimum: Int, maximum: Int?)
    case assertion(PatternAssertion)

    static let empty = PatternNode.sequence([])

    /// Whether it matches the empty text.
    var isNullable: Bool {
        switch self {
        case .scalars: false
        case .sequence(let parts): parts.allSatisfy(\.isNullable)
        case .choice(let parts): parts.contains(where: \.isNullable)
        case .repetition(let body, let minimum, _): minimum == 0 || body.isNullable
        case .assertion: true
        }
    }

    /// What a match that is not empty may begin with.
    var first: ScalarSet {
        switch self {
        case .scalars(let set): return set
        case .choice(let parts): return parts.reduce(.none) { $0.union($1.first) }
        case .repetition(let body, _, let maximum): return maximum == 0 ? .none : body.first
        case .assertion: return .none
        case .sequence(let parts):
            var first = ScalarSet.none
            for part in parts {
                first = first.union(part.first)
                if !part.isNullable { break }
            }
            return first
        }
    }
}

/// What holds at a place of the text, or not.
indirect enum PatternAssertion: Sendable, Hashable {
    case start
    case end
    case wordBoundary(isNegated: Bool)
    case look(PatternNode, isAhead: Bool, isNegated: Bool)
}
