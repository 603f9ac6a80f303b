public import Holdfast

/// The condition of a task: comparisons of operands, joined by `and`, `or`, `not` and parentheses.
///
/// An operand is a template, a quoted text, a number, `true`, `false`, `null`, or a bare word, which is a text. A template
/// is one operand whatever its value holds. `not` binds tighter than `and`, `and` tighter than `or`; what follows a
/// settled `and` or `or` is not evaluated.
///
/// - `==` and `!=`: numbers, and texts that are numbers, compare as numbers; null equals only null; lists and maps equal
///   by content; a text and a boolean equal when the text is `true` or `false`; anything else differs.
/// - `< <= > >=`: numbers, and texts that are numbers, compare as numbers when both sides are; otherwise texts (a number
///   as it is written) by Unicode code points; booleans, null, lists and maps have no order, which is an error.
/// - An operand alone: null, false, 0, an empty text, list or map, and the texts `false` and `0` are false; all else is true.
public struct WhenExpression: Sendable, Hashable {
    public enum Comparison: String, Sendable, Hashable, CaseIterable {
        case equal = "=="
        case notEqual = "!="
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case less = "<"
        case greater = ">"
    }

    public enum Operand: Sendable, Hashable {
        case value(JSONValue)
        case reference(TemplateReference)
    }

    public indirect enum Node: Sendable, Hashable {
        case operand(Operand)
        case comparison(Operand, Comparison, Operand)
        case not(Node)
        case all([Node])
        case any([Node])
    }

    public let root: Node
    /// All templates, in the order of the text.
    public let references: [TemplateReference]

    /// Parentheses and `not` within each other.
    public static let maximumDepth = 100

    /// - Throws: `TemplateError.invalid`, the first mistake.
    public init(parsing text: String, names: TemplateNames) throws(TemplateError) {
        var parser = try WhenParser(text, names: names)
        root = try parser.expression()
        references = parser.places.map(\.reference)
    }

    /// - Throws: `missing`, `notLoaded` or `notComparable`.
    public func evaluate(in context: TemplateContext) throws(TemplateError) -> Bool {
        try root.evaluate(in: context)
    }
}

extension WhenExpression.Operand {
    func value(in context: TemplateContext) throws(TemplateError) -> JSONValue {
        switch self {
        case .value(let value): value
        case .reference(let reference): try reference.value(in: context)
        }
    }
}

extension WhenExpression.Node {
    fileprivate func evaluate(in context: TemplateContext) throws(TemplateError) -> Bool {
        switch self {
        case .operand(let operand): return try operand.value(in: context).isTrue
        case .comparison(let left, let comparison, let right):
            return try comparison.holds(try left.value(in: context), try right.value(in: context))
        case .not(let node): return try !node.evaluate(in: context)
        case .all(let nodes):
            for node in nodes where try !node.evaluate(in: context) { return false }
            return true
        case .any(let nodes):
            for node in nodes where try node.evaluate(in: context) { return true }
            return false
        }
    }
}

extension WhenExpression.Comparison {
    func holds(_ left: JSONValue, _ right: JSONValue) throws(TemplateError) -> Bool {
        switch self {
        case .equal: return left.equals(right)
        case .notEqual: return !left.equals(right)
        case .less: return try order(left, right) < 0
        case .lessOrEqual: return try order(left, right) <= 0
        case .greater: return try order(left, right) > 0
        case .greaterOrEqual: return try order(left, right) >= 0
        }
    }

    private func order(_ left: JSONValue, _ right: JSONValue) throws(TemplateError) -> Int {
        if let order = left.numericOrder(right) { return order }
        guard let first = left.orderedText, let second = right.orderedText else {
            throw .notComparable("\(rawValue) can't compare \(left.kindPhrase) with \(right.kindPhrase)")
        }
        return first == second ? 0 : first.unicodeScalars.lexicographicallyPrecedes(second.unicodeScalars) ? -1 : 1
    }
}

extension JSONValue {
    fileprivate var isTrue: Bool {
        switch self {
        case .null: false
        case .bool(let flag): flag
        case .int, .double: !equals(.int(0))
        case .string(let text): !text.isEmpty && text != "false" && !equals(.int(0))
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    fileprivate func equals(_ other: JSONValue) -> Bool {
        if let order = numericOrder(other) { return order == 0 }
        switch (self, other) {
        case (.string(let text), .bool(let flag)), (.bool(let flag), .string(let text)): return text == "\(flag)"
        default: return self == other
        }
    }

    /// Negative, zero or positive when both are numbers or texts that are.
    fileprivate func numericOrder(_ other: JSONValue) -> Int? {
        guard let left = number, let right = other.number else { return nil }
        if case .int(let first) = left, case .int(let second) = right {
            return (first > second ? 1 : 0) - (first < second ? 1 : 0)
        }
        guard let first = left.doubleValue, let second = right.doubleValue else { return nil }
        return (first > second ? 1 : 0) - (first < second ? 1 : 0)
    }

    private var number: JSONValue? {
        switch self {
        case .int, .double: self
        case .string(let text): JSONValue(numeric: text)
        default: nil
        }
    }

    fileprivate var orderedText: String? {
        switch self {
        case .string, .int, .double: rawText
        default: nil
        }
    }

    /// A text that is a JSON number.
    init?(numeric text: String) {
        guard let first = text.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first),
            let value = try? JSONValue(parsing: text), value.doubleValue != nil
        else { return nil }
        self = value
    }
}
