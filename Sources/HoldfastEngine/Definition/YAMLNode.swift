import Holdfast

/// A node of a YAML document: aliases and merge keys resolved, keys unique, every part with its place.
struct YAMLNode {
    let position: SourcePosition
    let content: Content

    enum Content {
        case scalar(YAMLScalar)
        case list([YAMLNode])
        case map([YAMLEntry])
    }

    var isNull: Bool { if case .scalar(let scalar) = content { scalar.value == .json(.null) } else { false } }

    /// For messages: `a list`, `the text "x"`, ….
    var phrase: String {
        switch content {
        case .list: "a list"
        case .map: "a map"
        case .scalar(let scalar): scalar.phrase
        }
    }
}

struct YAMLEntry {
    let key: String
    let position: SourcePosition
    let value: YAMLNode
}

struct YAMLScalar {
    enum Style { case plain, quoted, literal, folded }

    /// What the core schema makes of it.
    enum Value: Equatable {
        case json(JSONValue)
        /// A number that JSON can't hold: infinite, not a number, or too large for 64 bits.
        case unrepresentable
    }

    let text: String
    let style: Style
    let value: Value

    var phrase: String {
        switch value {
        case .json(.null): "nothing"
        case .json(.bool): "the boolean \(text)"
        case .json(.string): "the text \(quoted(text))"
        default: "the number \(text)"
        }
    }
}

/// The core schema of YAML 1.2: which plain scalars are something else than text. Unlike YAML 1.1, `yes`, `no`, `on`
/// and `off` are text, and so are dates and `1_000`.
enum CoreSchema {
    static func resolve(_ text: String) -> YAMLScalar.Value {
        switch text {
        case "", "~", "null", "Null", "NULL": .json(.null)
        case "true", "True", "TRUE": .json(.bool(true))
        case "false", "False", "FALSE": .json(.bool(false))
        default: number(text) ?? .json(.string(text))
        }
    }

    private static func number(_ text: String) -> YAMLScalar.Value? {
        guard let first = text.utf8.first, first < UInt8(ascii: ":") else { return nil }
        if let integer = integer(text) { return integer }
        let unsigned = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        if [".inf", ".Inf", ".INF"].contains(unsigned) || [".nan", ".NaN", ".NAN"].contains(text) {
            return .unrepresentable
        }
        guard isFloat(unsigned) else { return nil }
        let digits = unsigned.hasPrefix(".") ? "0" + unsigned : String(unsigned)
        guard let value = Double(digits.replacing(".e", with: ".0e").replacing(".E", with: ".0e")), value.isFinite
        else { return .unrepresentable }
        return .json(.double(text.hasPrefix("-") ? -value : value))
    }

    private static func integer(_ text: String) -> YAMLScalar.Value? {
        let (digits, radix): (Substring, Int) =
            text.hasPrefix("0x")
            ? (text.dropFirst(2), 16) : text.hasPrefix("0o") ? (text.dropFirst(2), 8) : (text[...], 10)
        let unsigned = radix == 10 && (digits.hasPrefix("-") || digits.hasPrefix("+")) ? digits.dropFirst() : digits
        guard !unsigned.isEmpty, unsigned.allSatisfy({ $0.isASCII && ($0.hexDigitValue ?? 99) < radix }) else {
            return nil
        }
        return Int64(digits, radix: radix).map { .json(.int($0)) } ?? .unrepresentable
    }

    private static func isFloat(_ text: Substring) -> Bool {
        var rest = text.utf8
        func digits(_ rest: inout Substring.UTF8View) -> Int {
            let run = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest = rest[run.endIndex...]
            return run.count
        }
        var mantissa = digits(&rest)
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            mantissa += digits(&rest)
        }
        guard mantissa > 0 else { return false }
        guard let exponent = rest.first else { return true }
        guard exponent | 0x20 == UInt8(ascii: "e") else { return false }
        rest = rest.dropFirst()
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        return digits(&rest) > 0 && rest.isEmpty
    }
}
