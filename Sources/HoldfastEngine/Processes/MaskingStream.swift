/// Masks bytes that arrive in pieces. What may turn out to be the beginning of a secret is held back until it is
/// decided, everything else is passed on at once.
///
/// The same bytes give the same masked bytes, however they were cut: each output is a prefix of the whole.
struct MaskingStream {
    private let masker: SecretMasker
    private var held: [UInt8] = []
    /// How many of the held bytes belong to a stretch whose `***` is out already.
    private var covered = 0

    init(_ masker: SecretMasker) { self.masker = masker }

    /// Takes the next bytes and gives what is decided.
    mutating func feed(_ bytes: [UInt8]) -> [UInt8] { advance(held + bytes, isLast: false) }

    /// Gives the rest.
    mutating func finish() -> [UInt8] { advance(held, isLast: true) }

    private mutating func advance(_ bytes: [UInt8], isLast: Bool) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var coveredEnd = covered
        var clean = min(coveredEnd, bytes.count)
        var index = 0
        scan: while index < bytes.count {
            if masker.canStart(bytes[index]) {
                switch masker.match(in: bytes, at: index, isLast: isLast) {
                case .none: break
                case .undecided: break scan
                case .secret(let length):
                    if index >= coveredEnd {
                        output += bytes[clean..<index]
                        output += SecretMasker.mask
                    }
                    coveredEnd = max(coveredEnd, index + length)
                    clean = coveredEnd
                }
            }
            index += 1
        }
        if clean < index { output += bytes[clean..<index] }
        held = Array(bytes[index...])
        covered = max(0, coveredEnd - index)
        return output
    }
}
