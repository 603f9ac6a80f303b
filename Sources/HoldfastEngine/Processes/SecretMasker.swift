package import Holdfast

/// Replaces secrets by `***`, in texts and in JSON values. (For logs as they grow: `MaskingStream`.)
///
/// Each occurrence becomes one `***`; where occurrences overlap, the whole stretch does, so that the longest wins and no
/// part of a secret shows. A secret is also known in the forms that JSON writers give it (`\"`, `\n`, `\/`, `\u00e9`)
/// and without the white space around it.
package struct SecretMasker: Sendable {
    /// The fewest characters of a secret: shorter ones would mask half of a log and hide nothing.
    package static let minimumLength = 4
    static let mask = Array("***".utf8)

    /// What to mask, by first byte, the longest first.
    private let patterns: [[[UInt8]]]
    private let secretCount: Int

    /// Masks nothing.
    package static let none = SecretMasker(values: [])

    /// - Parameter secrets: values by the name of their variable.
    /// - Throws: `invalid` for a value of under 4 characters; the error names the variable, never the value.
    package init(_ secrets: [String: String]) throws(StoreError) {
        for (name, value) in secrets.sorted(by: { $0.key < $1.key }) where value.count < Self.minimumLength {
            throw StoreError(
                .invalid, subject: "secret \(quoted(name))",
                detail: "its value is shorter than \(Self.minimumLength) characters, too short to be masked")
        }
        self.init(values: Array(secrets.values))
    }

    /// Takes the secrets of a definition from an environment.
    /// - Throws: `invalid`, naming the variable, when one isn't set or is too short.
    package init(named names: [String], in environment: [String: String]) throws(StoreError) {
        var secrets: [String: String] = [:]
        for name in names {
            guard let value = environment[name] else {
                throw StoreError(
                    .invalid, subject: "secret \(quoted(name))", detail: "set it in the environment of the worker")
            }
            secrets[name] = value
        }
        try self.init(secrets)
    }

    private init(values: [String]) {
        let forms = Set(values.flatMap(Self.forms).map { Array($0.utf8) })
        var patterns = [[[UInt8]]](repeating: [], count: 256)
        for form in forms.sorted(by: { $0.count > $1.count }) { patterns[Int(form[0])].append(form) }
        self.patterns = patterns
        secretCount = values.count
    }

    /// Whether there is nothing to mask.
    package var isEmpty: Bool { secretCount == 0 }

    package func mask(_ text: String) -> String {
        if isEmpty { return text }
        var stream = MaskingStream(self)
        let bytes = stream.feed(Array(text.utf8))
        return String(decoding: bytes + stream.finish(), as: UTF8.self)
    }

    /// Masks strings and member names; a number that shows a secret becomes a string.
    package func mask(_ value: JSONValue) -> JSONValue {
        if isEmpty { return value }
        switch value {
        case .null, .bool: return value
        case .int, .double:
            let text = value.compactText
            let masked = mask(text)
            return masked == text ? value : .string(masked)
        case .string(let text): return .string(mask(text))
        case .array(let elements): return .array(elements.map { mask($0) })
        case .object(let members):
            return .object(Dictionary(members.map { (mask($0), mask($1)) }, uniquingKeysWith: { _, last in last }))
        }
    }

    // MARK: - Matching

    enum Match: Equatable {
        case none
        /// So many bytes are a secret.
        case secret(Int)
        /// More bytes are needed to tell.
        case undecided
    }

    /// The longest secret that begins at the index.
    func match(in bytes: [UInt8], at index: Int, isLast: Bool) -> Match {
        for pattern in patterns[Int(bytes[index])] {
            let available = min(pattern.count, bytes.count - index)
            guard bytes[index..<(index + available)].elementsEqual(pattern[..<available]) else { continue }
            if available == pattern.count { return .secret(available) }
            if !isLast { return .undecided }
        }
        return .none
    }

    func canStart(_ byte: UInt8) -> Bool { !patterns[Int(byte)].isEmpty }
}

// MARK: - The forms of a secret

extension SecretMasker {
    private static func forms(of secret: String) -> [String] {
        let trimmed = String(secret.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        let plain = trimmed.count >= minimumLength ? [secret, trimmed] : [secret]
        return plain.flatMap { text in
            [text]
                + [true, false].flatMap { slash in
                    [true, false].flatMap { ascii in
                        [true, false].map { jsonEscaped(text, slash: slash, ascii: ascii, shortControls: $0) }
                    }
                }
        }
    }

    /// As JSON writers differ: whether `/` and everything outside ASCII are escaped, and U+0008 and U+000C by a letter.
    private static func jsonEscaped(_ text: String, slash: Bool, ascii: Bool, shortControls: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": escaped += "\\\(scalar)"
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\t": escaped += "\\t"
            case "\u{8}" where shortControls: escaped += "\\b"
            case "\u{C}" where shortControls: escaped += "\\f"
            case "/" where slash: escaped += "\\/"
            case _ where scalar.value < 0x20 || (ascii && scalar.value > 0x7E):
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension SecretMasker: CustomStringConvertible, CustomReflectable {
    /// How many, never which.
    package var description: String { "SecretMasker(\(secretCount) secrets)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
