/// The text of a file, with what finding places in it needs.
///
/// Lines are counted as libYAML counts them: LF, CR, CRLF, NEL, LS and PS end a line.
struct SourceText {
    let text: String
    private let lines: [Substring.UnicodeScalarView]

    init(_ text: String) {
        self.text = text
        lines = Self.split(text.unicodeScalars)
    }

    private static func split(_ scalars: String.UnicodeScalarView) -> [Substring.UnicodeScalarView] {
        var lines: [Substring.UnicodeScalarView] = []
        var start = scalars.startIndex
        var index = start
        while index < scalars.endIndex {
            let scalar = scalars[index]
            let next = scalars.index(after: index)
            if isBreak(scalar) {
                lines.append(scalars[start..<index])
                let isPair = scalar == "\r" && next < scalars.endIndex && scalars[next] == "\n"
                start = isPair ? scalars.index(after: next) : next
                index = start
            } else {
                index = next
            }
        }
        lines.append(scalars[start...])
        return lines
    }

    private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }

    /// The text of a line, from 1; empty when there is no such line.
    func line(_ number: Int) -> String {
        lines.indices.contains(number - 1) ? String(lines[number - 1]) : ""
    }

    /// The index of a place, or nil when the text has no such place.
    func index(of position: SourcePosition) -> String.Index? {
        guard lines.indices.contains(position.line - 1) else { return nil }
        let line = lines[position.line - 1]
        return line.index(line.startIndex, offsetBy: position.column - 1, limitedBy: line.endIndex)
    }

    /// Where a part of a scalar stands in the file; the scalar's own place when escapes or folding hide it.
    func position(of index: String.Index, in scalar: YAMLScalar, at start: SourcePosition) -> SourcePosition {
        switch scalar.style {
        case .plain: inline(index, in: scalar.text, at: start, quote: 0) ?? start
        case .quoted: inline(index, in: scalar.text, at: start, quote: 1) ?? start
        case .literal: literal(index, in: scalar.text, at: start) ?? start
        case .folded: start
        }
    }

    private func inline(
        _ index: String.Index, in text: String, at start: SourcePosition, quote: Int
    ) -> SourcePosition? {
        let first = SourcePosition(line: start.line, column: start.column + quote)
        guard let from = self.index(of: first), lines[start.line - 1][from...].starts(with: text.unicodeScalars) else {
            return nil
        }
        let distance = text.unicodeScalars[..<index].count
        return SourcePosition(line: first.line, column: first.column + distance)
    }

    private func literal(_ index: String.Index, in text: String, at start: SourcePosition) -> SourcePosition? {
        let before = text.unicodeScalars[..<index]
        let lineNumber = start.line + 1 + before.count { $0 == "\n" }
        guard lines.indices.contains(lineNumber - 1) else { return nil }
        let lineStart = before.lastIndex(of: "\n").map { text.unicodeScalars.index(after: $0) } ?? text.startIndex
        let content = text.unicodeScalars[lineStart...].prefix { $0 != "\n" }
        let line = lines[lineNumber - 1]
        guard line.reversed().starts(with: content.reversed()) else { return nil }
        let indentation = line.count - content.count
        return SourcePosition(line: lineNumber, column: indentation + before[lineStart...].count + 1)
    }
}

extension SourceText {
    /// Reads the bytes of a file; a byte order mark is dropped.
    static func decode(_ bytes: [UInt8], into problems: inout ProblemList) -> SourceText? {
        guard bytes.count <= PipelineFile.maximumSize else {
            problems.add(.start, "the file has \(bytes.count) bytes; a pipeline file may have 4 MiB (4194304 bytes)")
            return nil
        }
        guard !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]) else {
            problems.add(.start, "the file is UTF-16; save it as UTF-8")
            return nil
        }
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        guard let text = String(validating: content, as: UTF8.self) else {
            let (position, byte) = firstInvalid(content)
            let digits = String(byte, radix: 16, uppercase: true)
            problems.add(position, "byte 0x\(digits) is no valid UTF-8; save the file as UTF-8")
            return nil
        }
        let source = SourceText(text)
        return source.checkCharacters(into: &problems) ? source : nil
    }

    private static func firstInvalid(_ bytes: ArraySlice<UInt8>) -> (SourcePosition, UInt8) {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var valid = String.UnicodeScalarView()
        var length = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            valid.append(scalar)
            length += scalar.utf8.count
        }
        let lines = split(valid)
        let column = (lines.last?.count ?? 0) + 1
        return (SourcePosition(line: lines.count, column: column), bytes[bytes.startIndex + length])
    }

    /// YAML allows no control characters but tab and line breaks.
    private func checkCharacters(into problems: inout ProblemList) -> Bool {
        var isClean = true
        for (number, line) in lines.enumerated() {
            for (offset, scalar) in line.enumerated() where !Self.isAllowed(scalar) {
                let code = String(scalar.value, radix: 16, uppercase: true)
                let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
                let position = SourcePosition(line: number + 1, column: offset + 1)
                problems.add(position, "character U+\(padded) is not allowed in YAML; write it as \"\\u\(padded)\"")
                isClean = false
            }
        }
        return isClean
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }
}
