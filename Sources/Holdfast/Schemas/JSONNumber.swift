/// A number as JSON means it: the decimal that was written, as far as `JSONValue` kept it. 1 and 1.0 are the same.
struct JSONNumber: Sendable, Hashable {
    let isNegative: Bool
    /// Without trailing zeros; 0 for zero.
    let significand: UInt64
    /// Of ten.
    let exponent: Int

    private init(isNegative: Bool, significand: UInt64, exponent: Int) {
        var significand = significand
        var exponent = significand == 0 ? 0 : exponent
        while significand > 0, significand % 10 == 0 {
            significand /= 10
            exponent += 1
        }
        self.isNegative = isNegative && significand > 0
        self.significand = significand
        self.exponent = exponent
    }

    init(_ value: Int64) { self.init(isNegative: value < 0, significand: value.magnitude, exponent: 0) }

    /// The shortest decimal that reads as this value: what was written, unless that had more than 17 digits.
    /// - Parameter value: finite.
    init(_ value: Double) {
        var significand: UInt64 = 0
        var exponent = 0
        var isFraction = false
        let text = value.magnitude.description.utf8
        let end = text.firstIndex(of: UInt8(ascii: "e")) ?? text.endIndex
        for byte in text[..<end] {
            guard byte != UInt8(ascii: ".") else {
                isFraction = true
                continue
            }
            significand = significand * 10 + UInt64(byte - UInt8(ascii: "0"))
            if isFraction { exponent -= 1 }
        }
        if end < text.endIndex { exponent += Int(Substring(text[text.index(after: end)...])) ?? 0 }
        self.init(isNegative: value < 0, significand: significand, exponent: exponent)
    }

    /// Nil for what is no number, or not a finite one.
    init?(_ json: JSONValue) {
        switch json {
        case .int(let value): self.init(value)
        case .double(let value) where value.isFinite: self.init(value)
        default: return nil
        }
    }

    var isInteger: Bool { exponent >= 0 }

    /// - Parameter divisor: not zero.
    func isMultiple(of divisor: JSONNumber) -> Bool {
        guard significand > 0 else { return true }
        let shift = exponent - divisor.exponent
        guard shift < 0 else {
            return Self.remainder(of: significand, timesTenTo: shift, by: divisor.significand) == 0
        }
        // There are no trailing zeros that could make up for a negative shift.
        return false
    }

    private static func remainder(of value: UInt64, timesTenTo power: Int, by divisor: UInt64) -> UInt64 {
        var rest = value % divisor
        for _ in 0..<power where rest > 0 {
            let (high, low) = rest.multipliedFullWidth(by: 10)
            rest = divisor.dividingFullWidth((high, low)).remainder
        }
        return rest
    }
}

extension JSONNumber: Comparable {
    static func < (left: JSONNumber, right: JSONNumber) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? right.isSmaller(than: left) : left.isSmaller(than: right)
    }

    /// Without regard to the sign.
    private func isSmaller(than other: JSONNumber) -> Bool {
        guard significand > 0, other.significand > 0 else { return significand < other.significand }
        let magnitude = exponent + significand.digitCount
        let otherMagnitude = other.exponent + other.significand.digitCount
        guard magnitude == otherMagnitude else { return magnitude < otherMagnitude }
        // Equally many digits before the point: both as long as the longer one. At most 20 digits each.
        let shift = exponent - other.exponent
        return shift >= 0
            ? significand.timesTen(to: shift) < UInt128(other.significand)
            : UInt128(significand) < other.significand.timesTen(to: -shift)
    }
}

extension UInt64 {
    fileprivate var digitCount: Int {
        var count = 1
        var rest = self
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }

    fileprivate func timesTen(to power: Int) -> UInt128 { (0..<power).reduce(UInt128(self)) { value, _ in value * 10 } }
}

extension JSONValue {
    /// Bytes that are equal for values that JSON Schema calls equal: numbers by what they are worth, strings by their code
    /// points, objects without regard to order.
    var equalityKey: [UInt8] { withPlainNumbers.encoded() }

    private var withPlainNumbers: JSONValue {
        switch self {
        case .double(let value): Int64(exactly: value).map { .int($0) } ?? self
        case .array(let elements): .array(elements.map(\.withPlainNumbers))
        case .object(let members): .object(members.mapValues(\.withPlainNumbers))
        default: self
        }
    }
}
