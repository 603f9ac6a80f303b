/// What marks every process of one try of a task: 128 random bits as 32 hexadecimal digits.
///
/// It is recorded before the try is spawned and stands in its environment, so that whoever takes the run over can find
/// and end what is left of the try, wherever its processes went (see `ProcessHunt`).
package struct TryToken: Sendable, Hashable, RawRepresentable {
    /// The environment variable that carries it.
    package static let variable = "HOLDFAST_TRY_TOKEN"

    package let rawValue: String

    /// A new token, from the system's random numbers.
    package init() {
        var generator = SystemRandomNumberGenerator()
        rawValue = (0..<16).map { _ in
            let byte = UInt8.random(in: .min ... .max, using: &generator)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// A recorded token; nil unless it is 32 lower-case hexadecimal digits.
    package init?(rawValue: String) {
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
        guard rawValue.utf8.count == 32, rawValue.utf8.allSatisfy(isDigit) else { return nil }
        self.rawValue = rawValue
    }
}

extension TryToken: CustomStringConvertible {
    package var description: String { rawValue }
}
