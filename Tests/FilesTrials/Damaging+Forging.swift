import Foundation
import HoldfastTesting

extension Damaging {
    /// Damages what a line says and puts the right checksum on it, so that what reads it has to do without that shield.
    mutating func forgeLine() {
        guard let path = segments.randomElement(using: &random), let content = files[path] else { return }
        var lines = content.split(separator: UInt8(ascii: "\n")).map(Array.init)
        guard lines.count > 1, let generation = Self.number(behind: "\"generation\":\"", in: lines[0], radix: 16) else {
            return
        }
        let place = Int.random(in: 1..<lines.count, using: &random)
        let position =
            Self.number(behind: "\"at\":", in: lines[place], radix: 10)
            ?? Self.number(behind: "\"in\":", in: lines[place], radix: 10)
        for _ in 0..<Int.random(in: 1...3, using: &random) { change(&lines[place]) }
        Checksum.put(on: &lines[place], generation: generation, position: position ?? 0)
        files[path] = Array(lines.joined(separator: [UInt8(ascii: "\n")])) + [UInt8(ascii: "\n")]
    }

    private mutating func change(_ line: inout [UInt8]) {
        let index = Int.random(in: Checksum.start..<max(Checksum.start + 1, line.count), using: &random)
        guard index < line.count else { return }
        let telling = Array("\"\\{}[]:,-0129eE.nultrfs".utf8)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: line.remove(at: index)
        case 1: line.insert(telling.randomElement(using: &random) ?? 0, at: index)
        case 2: line[index] = telling.randomElement(using: &random) ?? 0
        default: line[index] = UInt8.random(in: 0...255, using: &random)
        }
    }

    private static func number(behind name: String, in line: [UInt8], radix: Int) -> UInt64? {
        guard let start = line.firstRange(of: Array(name.utf8))?.upperBound else { return nil }
        let digits = line[start...].prefix { Character(Unicode.Scalar($0)).isHexDigit }
        return UInt64(String(decoding: digits, as: UTF8.self), radix: radix)
    }
}

/// The checksum of a line as the format says it, written without the store's own code: the CRC-32C of generation, position and
/// the line behind the checksum, as six characters of base64url behind `{"id":"`.
private enum Checksum {
    static let start = 7
    private static let end = 13

    static func put(on line: inout [UInt8], generation: UInt64, position: UInt64) {
        guard line.count > end else { return }
        let seed = [generation, position].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
        let bytes = withUnsafeBytes(of: crc(seed + line[end...]).bigEndian) { Data($0) }
        let text = bytes.base64EncodedString().prefix(6).map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }
        line.replaceSubrange(start..<end, with: Array(String(text).utf8))
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0 as UInt32) { state, byte in
            (0..<8).reduce(state ^ UInt32(byte)) { rest, _ in rest >> 1 ^ (rest & 1 == 0 ? 0 : 0x82F6_3B78) }
        }
    }
}
