import Holdfast

/// Parses `{{ root.name["name"][0] }}`, without knowing yet which names there are.
struct ReferenceParser {
    struct Step {
        enum Kind: Equatable {
            /// After a dot: may be a part of a name that holds dots.
            case name(String)
            case quoted(String)
            case index(Int)
        }
        let kind: Kind
        let start: String.Index
    }

    struct Raw {
        let root: String
        let rootStart: String.Index
        let steps: [Step]
        /// As written, without the braces.
        let text: String
        /// Behind the closing braces.
        let end: String.Index
    }

    private let text: String
    private var index: String.Index

    /// - Parameter start: where `{{` stands.
    init(_ text: String, at start: String.Index) {
        self.text = text
        index = text.utf8.index(start, offsetBy: 2)
    }

    /// The word behind the opening braces: letters, digits and underscores; empty when something else is there.
    static func root(in text: String, at start: String.Index) -> Substring {
        let rest = text.utf8[text.utf8.index(start, offsetBy: 2)...].drop(while: isSpace)
        guard let first = rest.first, !isDigit(first) else { return rest.prefix(0).text }
        return rest.prefix { $0 != UInt8(ascii: "-") && YAMLComposer.isAnchorCharacter($0) }.text
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    mutating func parse() throws(TemplateError) -> Raw {
        skipWhitespace()
        let start = index
        let root = Self.root(in: text, at: text.utf8.index(start, offsetBy: -2))
        index = root.endIndex
        var steps: [Step] = []
        while let step = try step() { steps.append(step) }
        let end = index
        skipWhitespace()
        guard text[index...].utf8.starts(with: "}}".utf8) else { throw unexpected(after: text[start..<end]) }
        return Raw(
            root: String(root), rootStart: start, steps: steps, text: String(text[start..<end]),
            end: text.utf8.index(index, offsetBy: 2))
    }

    private func unexpected(after path: Substring) -> TemplateError {
        guard let next = text[index...].first, text[index...].contains("}}") else {
            return failure("the template {{ \(path) is not closed; write {{ \(path) }}")
        }
        return failure(
            "\(quoted(String(next))) can't follow \(path) in a template, which is a path like xcom.extract.rows[0].id")
    }

    private func failure(_ reason: String, at place: String.Index? = nil) -> TemplateError {
        .invalid(offset: text.utf8.distance(from: text.startIndex, to: place ?? index), reason: reason)
    }

    private var next: UInt8? { index < text.endIndex ? text.utf8[index] : nil }

    private mutating func skipWhitespace() {
        while let byte = next, Self.isSpace(byte) { index = text.utf8.index(after: index) }
    }

    private mutating func step() throws(TemplateError) -> Step? {
        let start = index
        switch next {
        case UInt8(ascii: "."):
            index = text.utf8.index(after: index)
            let name = text.utf8[index...].prefix(while: Self.isNameByte)
            guard !name.isEmpty else {
                throw failure("a name must follow the dot; put one with other characters into [\"…\"]")
            }
            let nameStart = index
            index = name.endIndex
            return Step(kind: .name(String(Substring(name))), start: nameStart)
        case UInt8(ascii: "["):
            index = text.utf8.index(after: index)
            let kind = try subscriptKind()
            guard next == UInt8(ascii: "]") else { throw failure("expected ] after the subscript") }
            index = text.utf8.index(after: index)
            return Step(kind: kind, start: start)
        default: return nil
        }
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        byte >= 0x80 || YAMLComposer.isAnchorCharacter(byte)
    }

    private mutating func subscriptKind() throws(TemplateError) -> Step.Kind {
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            guard let literal = QuotedText(in: text, at: index) else { throw failure("this quoted name is not closed") }
            index = literal.end
            return .quoted(literal.value)
        default:
            let digits = text.utf8[index...].prefix(while: Self.isDigit)
            guard let number = Int(Substring(digits)) else {
                throw failure("a subscript is a whole number from 0 or a quoted name: [0] or [\"name\"]")
            }
            index = digits.endIndex
            return .index(number)
        }
    }
}

/// A quoted text in a template or a `when`: between double quotes with JSON's escapes, between single quotes as it is.
struct QuotedText {
    let value: String
    /// Behind the closing quote.
    let end: String.Index

    /// Nil when it is not closed or an escape is wrong.
    init?(in text: String, at start: String.Index) {
        let quote = text.utf8[start]
        var index = text.utf8.index(after: start)
        while index < text.endIndex, text.utf8[index] != quote {
            let isEscape = quote == UInt8(ascii: "\"") && text.utf8[index] == UInt8(ascii: "\\")
            guard let next = text.utf8.index(index, offsetBy: isEscape ? 2 : 1, limitedBy: text.endIndex) else {
                return nil
            }
            index = next
        }
        guard index < text.endIndex else { return nil }
        end = text.utf8.index(after: index)
        if quote == UInt8(ascii: "'") {
            value = String(text[text.utf8.index(after: start)..<index])
        } else {
            let literal = String(text[start..<end])
            guard let string = (try? JSONValue(parsing: literal))?.stringValue else { return nil }
            value = string
        }
    }
}

extension Substring.UTF8View {
    fileprivate var text: Substring { Substring(self) }
}

extension String {
    /// Where the next `{{` stands.
    func openingBraces(from start: Index) -> Index? {
        var rest = utf8[start...]
        while let first = rest.firstIndex(of: UInt8(ascii: "{")) {
            let next = utf8.index(after: first)
            if next < endIndex, utf8[next] == UInt8(ascii: "{") { return first }
            rest = utf8[next...]
        }
        return nil
    }
}
