import Holdfast

/// Parses a `when` by recursive descent.
struct WhenParser {
    private let text: String
    private var tokens: [WhenToken]
    private var position = 0
    private var depth = 0

    init(_ text: String, names: TemplateNames) throws(TemplateError) {
        self.text = text
        tokens = try WhenLexer.tokens(of: text, names: names)
    }

    /// The templates, and where their braces open.
    var places: [(reference: TemplateReference, start: String.Index)] {
        tokens.compactMap { token in
            guard case .operand(.reference(let reference)) = token.kind else { return nil }
            return (reference, token.range.lowerBound)
        }
    }

    mutating func expression() throws(TemplateError) -> WhenExpression.Node {
        guard current.kind != .end else { throw failure("the condition is empty; write one or leave out \"when\"") }
        let node = try disjunction()
        switch current.kind {
        case .end: return node
        case .close: throw failure("this ) has no ( before it")
        default: throw failure("expected and, or, or the end before \(shown(current))")
        }
    }

    private var current: WhenToken { tokens[position] }

    private func failure(_ reason: String) -> TemplateError {
        .invalid(offset: text.utf8.distance(from: text.startIndex, to: current.range.lowerBound), reason: reason)
    }

    private func shown(_ token: WhenToken) -> String {
        token.kind == .end ? "the end" : quoted(String(text[token.range]))
    }

    private mutating func take(_ kind: WhenToken.Kind) -> Bool {
        guard current.kind == kind else { return false }
        position += 1
        return true
    }

    private mutating func disjunction() throws(TemplateError) -> WhenExpression.Node {
        var nodes = [try conjunction()]
        while take(.or) { nodes.append(try conjunction()) }
        return nodes.count == 1 ? nodes[0] : .any(nodes)
    }

    private mutating func conjunction() throws(TemplateError) -> WhenExpression.Node {
        var nodes = [try negation()]
        while take(.and) { nodes.append(try negation()) }
        return nodes.count == 1 ? nodes[0] : .all(nodes)
    }

    private mutating func negation() throws(TemplateError) -> WhenExpression.Node {
        guard depth < WhenExpression.maximumDepth else {
            throw failure("nested more than \(WhenExpression.maximumDepth) deep; simplify the condition")
        }
        depth += 1
        defer { depth -= 1 }
        if take(.not) { return .not(try negation()) }
        guard take(.open) else { return try comparison() }
        let node = try disjunction()
        guard take(.close) else { throw failure("expected ) before \(shown(current))") }
        return node
    }

    private mutating func comparison() throws(TemplateError) -> WhenExpression.Node {
        let left = try operand()
        guard case .comparison(let comparison) = current.kind else { return .operand(left) }
        position += 1
        let right = try operand()
        guard case .comparison = current.kind else { return .comparison(left, comparison, right) }
        throw failure("comparisons can't be chained; join two with and")
    }

    private mutating func operand() throws(TemplateError) -> WhenExpression.Operand {
        guard case .operand(let operand) = current.kind else {
            throw failure("expected a value (a template, a text, a number) before \(shown(current))")
        }
        position += 1
        return operand
    }
}

struct WhenToken {
    enum Kind: Hashable {
        case operand(WhenExpression.Operand)
        case comparison(WhenExpression.Comparison)
        case and, or, not, open, close, end
    }

    let kind: Kind
    let range: Range<String.Index>
}

/// Splits a `when` into tokens; the last is always `end`.
struct WhenLexer {
    private let text: String
    private let names: TemplateNames
    private var index: String.Index

    static func tokens(of text: String, names: TemplateNames) throws(TemplateError) -> [WhenToken] {
        var lexer = WhenLexer(text: text, names: names, index: text.startIndex)
        var tokens: [WhenToken] = []
        repeat { tokens.append(try lexer.token()) } while tokens.last?.kind != .end
        return tokens
    }

    private func failure(_ reason: String) -> TemplateError {
        .invalid(offset: text.utf8.distance(from: text.startIndex, to: index), reason: reason)
    }

    private mutating func token() throws(TemplateError) -> WhenToken {
        while index < text.endIndex, text[index].isWhitespace { index = text.index(after: index) }
        let start = index
        let kind = try kind()
        return WhenToken(kind: kind, range: start..<index)
    }

    private mutating func kind() throws(TemplateError) -> WhenToken.Kind {
        let rest = text[index...]
        guard let first = rest.first else { return .end }
        if rest.hasPrefix("{{") { return try template() }
        if first == "\"" || first == "'" { return try quotedText() }
        if first == "(" || first == ")" { return advance(1, to: first == "(" ? .open : .close) }
        for comparison in WhenExpression.Comparison.allCases where rest.hasPrefix(comparison.rawValue) {
            return advance(comparison.rawValue.count, to: .comparison(comparison))
        }
        switch first {
        case "=": throw failure("= does not compare; write ==")
        case "!": throw failure("! does not negate; write not")
        case "{", "}": throw failure("a template is written {{ params.date }}; quote a text with braces")
        default: return try word()
        }
    }

    private mutating func advance(_ count: Int, to kind: WhenToken.Kind) -> WhenToken.Kind {
        index = text.index(index, offsetBy: count)
        return kind
    }

    private mutating func template() throws(TemplateError) -> WhenToken.Kind {
        var parser = ReferenceParser(text, at: index)
        let raw = try parser.parse()
        let reference = try TemplateReference(raw, in: text, names: names)
        index = raw.end
        try requireGap(after: "a template")
        return .operand(.reference(reference))
    }

    private mutating func quotedText() throws(TemplateError) -> WhenToken.Kind {
        guard let literal = QuotedText(in: text, at: index) else { throw failure("this quoted text is not closed") }
        index = literal.end
        try requireGap(after: "a quoted text")
        return .operand(.value(.string(literal.value)))
    }

    /// `{{ params.a }}-x` looks like splicing, which there is none of.
    private func requireGap(after phrase: String) throws(TemplateError) {
        guard let next = text[index...].first, !next.isWhitespace, !"()=!<>".contains(next) else { return }
        throw failure("\(phrase) is one operand; nothing can be joined to it")
    }

    private mutating func word() throws(TemplateError) -> WhenToken.Kind {
        let word = text[index...].prefix { !$0.isWhitespace && !"(){}\"'=!<>".contains($0) }
        switch word {
        case "&&": throw failure("&& does not join conditions; write and")
        case "||": throw failure("|| does not join conditions; write or")
        default: break
        }
        index = word.endIndex
        if let next = text[index...].first, "\"'{".contains(next) {
            throw failure("\(quoted(String(word))) is one operand; nothing can be joined to it")
        }
        switch word {
        case "and": return .and
        case "or": return .or
        case "not": return .not
        case "true": return .operand(.value(true))
        case "false": return .operand(.value(false))
        case "null": return .operand(.value(.null))
        default: return .operand(.value(JSONValue(numeric: String(word)) ?? .string(String(word))))
        }
    }
}
