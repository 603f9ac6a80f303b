public import Crypto

/// A SHA-256, written as 64 lowercase hexadecimal digits.
public struct Digest: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let hexadecimal: String

    /// The digest of some bytes.
    public init(of bytes: some Sequence<UInt8>) {
        var hasher = SHA256()
        hasher.update(data: Array(bytes))
        self.init(hasher.finalize())
    }

    /// What an incremental hash came to.
    public init(_ digest: SHA256.Digest) {
        let digits = Array("0123456789abcdef".utf8)
        hexadecimal = String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Parses 64 lowercase hexadecimal digits.
    public init?(hexadecimal text: String) {
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
        guard text.utf8.count == 64, text.utf8.allSatisfy(isDigit) else { return nil }
        hexadecimal = text
    }

    public var description: String { hexadecimal }
    public static func < (left: Digest, right: Digest) -> Bool { left.hexadecimal < right.hexadecimal }
}

extension Digest: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = Digest(hexadecimal: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no SHA-256")
        }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hexadecimal)
    }
}
