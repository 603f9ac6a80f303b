/// Finds where in a JSON text a value stands, for reports about it. The text has been parsed before, so it is well-formed.
struct JSONLocator {
    private let bytes: [UInt8]
    private var index = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The line, from 1, of the value that a path leads to; of the last one on the way that is there.
    static func line(of path: [JSONStep], in bytes: [UInt8]) -> Int {
        var locator = JSONLocator(bytes)
        if bytes.starts(with: JSONFile.byteOrderMark) { locator.index = JSONFile.byteOrderMark.count }
        locator.skipWhitespace()
        for step in path { guard locator.enter(step) else { break } }
        return line(at: locator.index, in: bytes)
    }

    /// The line, from 1, of a byte.
    static func line(at offset: Int, in bytes: [UInt8]) -> Int {
        bytes.prefix(offset).reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipWhitespace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    /// Goes to a value inside the one at the index; stays where it is when there is none.
    private mutating func enter(_ step: JSONStep) -> Bool {
        let start = index
        let isObject = next == UInt8(ascii: "{")
        guard isObject || next == UInt8(ascii: "[") else { return false }
        index += 1
        var position = 0
        while true {
            skipWhitespace()
            guard let byte = next, byte != UInt8(ascii: "}"), byte != UInt8(ascii: "]") else { break }
            var name: String?
            if isObject {
                let quote = index
                skipString()
                name = String(decoding: bytes[(quote + 1)..<max(quote + 1, index - 1)], as: UTF8.self)
                skipWhitespace()
                index += 1
                skipWhitespace()
            }
            if name.map({ step == .member($0) }) ?? (step == .element(position)) { return true }
            skipValue()
            skipWhitespace()
            if next == UInt8(ascii: ",") { index += 1 }
            position += 1
        }
        index = start
        return false
    }

    private mutating func skipString() {
        index += 1
        while let byte = next, byte != UInt8(ascii: "\"") { index += byte == UInt8(ascii: "\\") ? 2 : 1 }
        index += 1
    }

    private mutating func skipValue() {
        var depth = 0
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
            case UInt8(ascii: ","): if depth == 0 { return }
            default: break
            }
            index += 1
        }
    }
}
