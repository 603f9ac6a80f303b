extension PatternParser {
    /// Behind a backslash that stands outside a class.
    mutating func escape() throws(PatternError) -> PatternNode {
        if skip("b") { return .assertion(.wordBoundary(isNegated: false)) }
        if skip("B") { return .assertion(.wordBoundary(isNegated: true)) }
        if let scalar = next, scalar.digit.map({ $0 > 0 }) ?? (scalar == "k") {
            throw failure("references back to a group are not supported", at: index - 1)
        }
        return .scalars(try escapedSet())
    }

    /// Behind the opening bracket.
    mutating func characterClass(from start: Int) throws(PatternError) -> ScalarSet {
        let isNegated = skip("^")
        var set = ScalarSet.none
        while !skip("]") {
            guard next != nil else { throw failure("a [ without its ]", at: start) }
            set = set.union(try classRange())
        }
        return isNegated ? set.inverted : set
    }

    /// One member of a class, or a range of them.
    private mutating func classRange() throws(PatternError) -> ScalarSet {
        let start = index
        let low = try classMember()
        let mark = index
        guard skip("-"), let scalar = next, scalar != "]" else {
            index = mark
            return low
        }
        let high = try classMember()
        guard let from = low.single, let to = high.single else {
            throw failure("a range has to go from one character to another", at: start)
        }
        guard from <= to else { throw failure("a range is in the wrong order", at: start) }
        return ScalarSet([from...to])
    }

    private mutating func classMember() throws(PatternError) -> ScalarSet {
        guard let scalar = next else { throw failure("a [ without its ]") }
        index += 1
        guard scalar == "\\" else { return ScalarSet(scalar.value) }
        if skip("b") { return ScalarSet(8) }
        return try escapedSet()
    }

    // MARK: Escapes

    private mutating func escapedSet() throws(PatternError) -> ScalarSet {
        let start = index - 1
        guard let scalar = next else { throw failure("it ends in a backslash", at: start) }
        index += 1
        switch scalar {
        case "d": return .digits
        case "D": return ScalarSet.digits.inverted
        case "w": return .wordCharacters
        case "W": return ScalarSet.wordCharacters.inverted
        case "s": return .whitespace
        case "S": return ScalarSet.whitespace.inverted
        case "t": return ScalarSet(9)
        case "n": return ScalarSet(10)
        case "v": return ScalarSet(11)
        case "f": return ScalarSet(12)
        case "r": return ScalarSet(13)
        case "0" where next?.digit == nil: return ScalarSet(0)
        case "c": return ScalarSet(try controlLetter(from: start))
        case "x": return ScalarSet(try hexadecimal(digits: 2, from: start))
        case "u": return ScalarSet(try unicodeEscape(from: start))
        case "p": return try property(from: start)
        case "P": return try property(from: start).inverted
        default:
            guard scalar.isASCII, !ScalarSet.wordCharacters.contains(scalar.value) || scalar == "_" else {
                throw failure("\\\(scalar) is no escape", at: start)
            }
            return ScalarSet(scalar.value)
        }
    }

    private mutating func controlLetter(from start: Int) throws(PatternError) -> UInt32 {
        guard let letter = next, letter.isASCII, letter.properties.isAlphabetic else {
            throw failure("\\c needs a letter", at: start)
        }
        index += 1
        return letter.value % 32
    }

    private mutating func hexadecimal(digits: Int, from start: Int) throws(PatternError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let scalar = next, let digit = Character(scalar).hexDigitValue, scalar.isASCII else {
                throw failure("an escape lacks hexadecimal digits", at: start)
            }
            value = value << 4 + UInt32(digit)
            index += 1
        }
        return value
    }

    private mutating func unicodeEscape(from start: Int) throws(PatternError) -> UInt32 {
        var value: UInt32 = 0
        if skip("{") {
            while !skip("}") {
                value = min(value << 4 + (try hexadecimal(digits: 1, from: start)), 0x110000)
            }
        } else {
            value = try hexadecimal(digits: 4, from: start)
            if (0xD800..<0xDC00).contains(value), skip("\\u") {
                let low = try hexadecimal(digits: 4, from: start)
                value = (0xDC00..<0xE000).contains(low) ? 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00) : low
            }
        }
        guard Unicode.Scalar(value) != nil else { throw failure("an escape names no Unicode character", at: start) }
        return value
    }

    /// Behind `\p`: `{L}`, `{gc=Lu}`, `{Alphabetic}`, ….
    private mutating func property(from start: Int) throws(PatternError) -> ScalarSet {
        guard skip("{") else { throw failure("\\p needs the name of a property in braces", at: start) }
        var name = ""
        while let scalar = next, scalar != "}" {
            name.unicodeScalars.append(scalar)
            index += 1
        }
        guard skip("}") else { throw failure("\\p needs the name of a property in braces", at: start) }
        guard let set = UnicodeProperty.set(named: name) else {
            throw failure("the property \(quoted(name)) is not supported", at: start)
        }
        return set
    }
}

extension ScalarSet {
    /// The only member.
    fileprivate var single: UInt32? {
        guard ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}
