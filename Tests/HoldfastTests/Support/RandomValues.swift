import Holdfast
import HoldfastTesting

extension SeededGenerator {
    mutating func text(upTo count: Int = 12) -> String {
        let scalars: [Unicode.Scalar] = [
            "a", "Z", "0", " ", "\"", "\\", "/", "\n", "\r", "\t", "\u{0}", "\u{1F}", "\u{7F}", "é", "ß", "€",
            "\u{2028}",
            "\u{FFFD}", "\u{FFFF}", "😀", "\u{10FFFF}", "{", "]", ",",
        ]
        var text = ""
        for _ in 0..<below(count + 1) { text.unicodeScalars.append(pick(scalars)) }
        return text
    }

    mutating func double() -> Double {
        while true {
            let value = Double(bitPattern: next())
            if value.isFinite { return value }
        }
    }

    mutating func json(depth: Int = 4) -> JSONValue {
        switch below(depth > 0 ? 9 : 7) {
        case 0: return .null
        case 1: return .bool(once(in: 2))
        case 2: return .int(Int64(bitPattern: next()))
        case 3: return .int(Int64(below(200)) - 100)
        case 4: return .double(double())
        case 5: return .double(Double(below(1000)) / 8)
        case 6: return .string(text())
        case 7: return .array(list(upTo: 4) { $0.json(depth: depth - 1) })
        default: return .object(members(depth: depth - 1))
        }
    }

    mutating func members(depth: Int = 2) -> [String: JSONValue] {
        Dictionary(list(upTo: 4) { ($0.text(), $0.json(depth: depth)) }, uniquingKeysWith: { $1 })
    }

    mutating func texts() -> [String: String] {
        Dictionary(list(upTo: 3) { ($0.text(), $0.text()) }, uniquingKeysWith: { $1 })
    }

    mutating func identifier<ID: Identifier>() -> ID {
        let first = Array("ABCxyz019"), rest = Array("ABCxyz019._-")
        var text = String(pick(first))
        for _ in 0..<below(10) { text.append(pick(rest)) }
        return ID(unchecked: text)
    }

    mutating func digest() -> Digest {
        Digest(of: [UInt8(truncatingIfNeeded: next()), UInt8(truncatingIfNeeded: next())])
    }

    mutating func timestamp() -> Timestamp {
        Timestamp(milliseconds: Int64(below(4_000_000_000_000)) - 1_000_000_000_000)
    }
}
