import Yams

/// Composes the one document of a file with libYAML.
///
/// Two things are hidden from it, by replacing single characters (so that no place moves) with private ones: aliases,
/// which it would expand without a bound, and all but the last of several equal keys, of which it would report one pair
/// only and then stop.
struct YAMLComposer {
    private let source: SourceText
    private var text: String
    private var marks: PrivateCharacters
    /// Stands for the `*` of an alias.
    let aliasMark: Unicode.Scalar
    /// The keys that were hidden, by place.
    private(set) var hiddenKeys: [SourcePosition: String] = [:]

    init(_ source: SourceText) {
        self.source = source
        marks = PrivateCharacters(unusedIn: source.text)
        aliasMark = marks.next()
        text = Self.hideAliases(source.text, behind: aliasMark)
    }

    private static func hideAliases(_ text: String, behind mark: Unicode.Scalar) -> String {
        var hidden: [UInt8] = []
        let bytes = Array(text.utf8)
        hidden.reserveCapacity(bytes.count + 64)
        for (index, byte) in bytes.enumerated() {
            let isAlias = byte == UInt8(ascii: "*") && index + 1 < bytes.count && isAnchorCharacter(bytes[index + 1])
            if isAlias { hidden.append(contentsOf: mark.utf8) } else { hidden.append(byte) }
        }
        // libYAML keeps a pointer into the text, which a string of up to 15 bytes has no stable address for.
        while hidden.count < 16 { hidden.append(UInt8(ascii: "\n")) }
        return String(decoding: hidden, as: UTF8.self)
    }

    static func isAnchorCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// A composed document; the parser must outlive the use of the nodes, as it owns their anchors.
    struct Document {
        let root: Node
        let parser: Parser
    }

    /// Nil when the file is empty or, with problems added, when it can't be composed.
    mutating func compose(into problems: inout ProblemList) -> Document? {
        for _ in 0..<attempts {
            do {
                return try composeOnce(into: &problems)
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                let position = SourcePosition(context.mark)
                guard let key = keys.first, hide(key, at: position) else {
                    problems.add(position, "a key of this map is there twice; remove one")
                    return nil
                }
            } catch {
                let (position, message) = YAMLExplanation.explain(error, in: source)
                problems.add(position, message)
                return nil
            }
        }
        let last = hiddenKeys.keys.max { ($0.line, $0.column) < ($1.line, $1.column) } ?? .start
        problems.add(last, "this and many other keys are there twice; remove them and check the file again")
        return nil
    }

    /// Each costs a pass over the file: many for files as people write them, few for huge ones.
    private var attempts: Int { max(3, min(100, (8 << 20) / text.utf8.count)) }

    private func composeOnce(into problems: inout ProblemList) throws -> Document? {
        let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
        guard let root = try parser.nextRoot() else { return nil }
        if let second = try parser.nextRoot() {
            let position = second.mark.map(SourcePosition.init) ?? .start
            problems.add(
                position, "a second document begins here; a pipeline file holds one: remove the \"---\" before it")
        }
        return Document(root: root, parser: parser)
    }

    /// Makes a key unlike all others by replacing its first character.
    private mutating func hide(_ key: String, at position: SourcePosition) -> Bool {
        let scalars = text.unicodeScalars
        guard let first = key.unicodeScalars.first, first != aliasMark, hiddenKeys[position] == nil,
            let start = SourceText(text).index(of: position), start < scalars.endIndex
        else { return false }
        let index = scalars[start] == "\"" || scalars[start] == "'" ? scalars.index(after: start) : start
        guard index < scalars.endIndex, !["\n", "[", "{"].contains(scalars[index]) else { return false }
        text.unicodeScalars.replaceSubrange(index...index, with: CollectionOfOne(marks.next()))
        hiddenKeys[position] = key
        return true
    }
}

extension SourcePosition {
    init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }
}

/// Characters for private use (plane 15) that a text doesn't hold.
private struct PrivateCharacters {
    private let used: Set<Unicode.Scalar>
    private var value: UInt32 = 0xF0000

    init(unusedIn text: String) {
        used = Set(text.unicodeScalars.lazy.filter { $0.value >= 0xF0000 })
    }

    mutating func next() -> Unicode.Scalar {
        while true {
            // Plane 15 and 16 have 131,068 private characters: a text of 4 MiB can hold them all, but not a sane one.
            guard let scalar = Unicode.Scalar(value) else { return "\u{10FFFD}" }
            value += 1
            if !used.contains(scalar) { return scalar }
        }
    }
}
