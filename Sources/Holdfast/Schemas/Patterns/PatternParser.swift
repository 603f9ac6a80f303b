/// Why a pattern is refused; the offset is in code points.
struct PatternError: Error, Hashable {
    let reason: String
    let offset: Int?

    init(_ reason: String, at offset: Int? = nil) {
        self.reason = reason
        self.offset = offset
    }
}

/// Reads ECMA-262 regular expressions by code points (the `u` flag), with the leniency of its annex B for braces,
/// brackets and escapes that mean only themselves.
struct PatternParser {
    /// Code points.
    static let maximumLength = 10_000
    private static let maximumDepth = 64

    let scalars: [Unicode.Scalar]
    var index = 0
    private var depth = 0

    static func parse(_ pattern: String) throws(PatternError) -> PatternNode {
        var parser = PatternParser(scalars: Array(pattern.unicodeScalars))
        guard parser.scalars.count <= maximumLength else {
            throw PatternError("it is longer than \(maximumLength) characters")
        }
        let node = try parser.disjunction()
        guard parser.index == parser.scalars.count else { throw parser.failure("a ) without its (") }
        return node
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    func failure(_ reason: String, at offset: Int? = nil) -> PatternError { PatternError(reason, at: offset ?? index) }

    var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    mutating func skip(_ text: String) -> Bool {
        let wanted = text.unicodeScalars
        guard scalars[index...].starts(with: wanted) else { return false }
        index += wanted.count
        return true
    }

    // MARK: Structure

    private mutating func disjunction() throws(PatternError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw failure("groups are nested deeper than \(Self.maximumDepth)") }
        var alternatives = [try alternative()]
        while skip("|") { alternatives.append(try alternative()) }
        return alternatives.count == 1 ? alternatives[0] : .choice(alternatives)
    }

    private mutating func alternative() throws(PatternError) -> PatternNode {
        var terms: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" { terms.append(try term()) }
        return terms.count == 1 ? terms[0] : .sequence(terms)
    }

    private mutating func term() throws(PatternError) -> PatternNode {
        let start = index
        let atom = try atom()
        guard let (minimum, maximum) = try quantifier() else { return atom }
        if case .assertion = atom { throw failure("an assertion can't be repeated", at: start) }
        return .repetition(atom, minimum: minimum, maximum: maximum)
    }

    private mutating func quantifier() throws(PatternError) -> (Int, Int?)? {
        let bounds: (Int, Int?)
        if skip("*") {
            bounds = (0, nil)
        } else if skip("+") {
            bounds = (1, nil)
        } else if skip("?") {
            bounds = (0, 1)
        } else if let braces = try braces() {
            bounds = braces
        } else {
            return nil
        }
        _ = skip("?")
        return bounds
    }

    /// `{2}`, `{2,}` or `{2,5}`; nil, and nothing read, for a brace that means itself.
    private mutating func braces() throws(PatternError) -> (Int, Int?)? {
        let start = index
        guard skip("{"), let minimum = number() else {
            index = start
            return nil
        }
        var maximum: Int? = minimum
        if skip(",") { maximum = number() }
        guard skip("}") else {
            index = start
            return nil
        }
        if let maximum, maximum < minimum { throw failure("the bounds of {} are in the wrong order", at: start) }
        return (minimum, maximum)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = next, let digit = scalar.digit {
            // Larger counts are refused for their size anyway.
            value = min((value ?? 0) * 10 + digit, 1_000_000)
            index += 1
        }
        return value
    }

    // MARK: Atoms

    private mutating func atom() throws(PatternError) -> PatternNode {
        guard let scalar = next else { throw failure("it ends where something has to follow") }
        let start = index
        index += 1
        switch scalar {
        case "^": return .assertion(.start)
        case "$": return .assertion(.end)
        case ".": return .scalars(ScalarSet.lineTerminators.inverted)
        case "(": return try group(from: start)
        case "[": return .scalars(try characterClass(from: start))
        case "\\": return try escape()
        case "*", "+", "?": throw failure("a \(scalar) with nothing to repeat", at: start)
        case "{":
            index = start
            guard try braces() == nil else { throw failure("a {} with nothing to repeat", at: start) }
            index = start + 1
            return .scalars(ScalarSet(scalar.value))
        default: return .scalars(ScalarSet(scalar.value))
        }
    }

    private mutating func group(from start: Int) throws(PatternError) -> PatternNode {
        var look: (isAhead: Bool, isNegated: Bool)?
        if skip("?=") {
            look = (true, false)
        } else if skip("?!") {
            look = (true, true)
        } else if skip("?<=") {
            look = (false, false)
        } else if skip("?<!") {
            look = (false, true)
        } else if skip("?<") {
            try groupName()
        } else if !skip("?:"), next == "?" {
            throw failure("this kind of group is not supported", at: start)
        }
        let body = try disjunction()
        guard skip(")") else { throw failure("a ( without its )", at: start) }
        guard let look else { return body }
        return .assertion(.look(body, isAhead: look.isAhead, isNegated: look.isNegated))
    }

    private mutating func groupName() throws(PatternError) {
        let start = index
        while let scalar = next, scalar != ">" {
            guard scalar.properties.isIDContinue || scalar == "$" else { throw failure("a bad name of a group") }
            index += 1
        }
        guard index > start, skip(">") else { throw failure("a bad name of a group", at: start) }
    }
}

extension Unicode.Scalar {
    var digit: Int? { ScalarSet.digits.contains(value) ? Int(value - 0x30) : nil }
}
