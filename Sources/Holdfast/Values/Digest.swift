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
        func digit(_ half: UInt8) -> UInt8 { half + (half < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10) }
        hexadecimal = String(unsafeUninitializedCapacity: 2 * SHA256.Digest.byteCount) { digits in
            for (index, byte) in digest.enumerated() {
                digits[2 * index] = digit(byte >> 4)
                digits[2 * index + 1] = digit(byte & 15)
            }
            return 2 * SHA256.Digest.byteCount
        }
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
