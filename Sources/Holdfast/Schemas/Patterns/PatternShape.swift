/// Looks for patterns that run away on a backtracking engine: under a repeat, two ways to match the same text, whose
/// number doubles with each round. Ours does not backtrack, but a schema is for others to use too.
///
/// It errs on the safe side. A body that is repeated has to be deterministic: at each choice in it, the next character
/// says which way to go.
enum PatternShape {
    /// Repeats of at most so many rounds count as written out.
    private static let fewRounds = 10

    /// Why a pattern could run away; nil when it can't.
    static func flaw(of node: PatternNode) -> String? {
        switch node {
        case .scalars: nil
        case .sequence(let parts), .choice(let parts): firstFlaw(parts)
        case .assertion(.look(let body, _, _)): flaw(of: body)
        case .assertion: nil
        case .repetition(let body, _, let maximum):
            maximum.map { $0 > fewRounds } ?? true ? flaw(ofRepeated: body) : flaw(of: body)
        }
    }

    private static func firstFlaw(_ parts: [PatternNode]) -> String? { parts.lazy.compactMap { flaw(of: $0) }.first }

    private static func flaw(ofRepeated body: PatternNode) -> String? {
        if body.isNullable { return "what is repeated in it may be empty" }
        return ambiguity(in: body, follow: body.first)
    }

    /// - Parameter follow: what may come behind the node.
    private static func ambiguity(in node: PatternNode, follow: ScalarSet) -> String? {
        switch node {
        case .scalars: return nil
        case .assertion(.look(let body, _, _)): return flaw(of: body)
        case .assertion: return nil
        case .sequence(let parts):
            var follow = follow
            for part in parts.reversed() {
                if let found = ambiguity(in: part, follow: follow) { return found }
                follow = part.isNullable ? part.first.union(follow) : part.first
            }
            return nil
        case .choice(let parts): return ambiguity(among: parts, follow: follow)
        case .repetition(let body, let minimum, let maximum):
            let isFixed = maximum == minimum
            if isFixed, minimum <= 1 { return minimum == 0 ? nil : ambiguity(in: body, follow: follow) }
            if body.isNullable { return "what is repeated in it may be empty" }
            if !isFixed, body.first.overlaps(follow) {
                return "a repeat within a repeat can end in more than one place"
            }
            return ambiguity(in: body, follow: maximum == 1 ? follow : follow.union(body.first))
        }
    }

    private static func ambiguity(among parts: [PatternNode], follow: ScalarSet) -> String? {
        var seen = ScalarSet.none
        var mayBeEmpty = false
        for part in parts {
            var begins = part.first
            if part.isNullable {
                if mayBeEmpty { return "alternatives under a repeat overlap" }
                mayBeEmpty = true
                begins = begins.union(follow)
            }
            if seen.overlaps(begins) { return "alternatives under a repeat overlap" }
            seen = seen.union(begins)
        }
        return parts.lazy.compactMap { ambiguity(in: $0, follow: follow) }.first
    }
}
