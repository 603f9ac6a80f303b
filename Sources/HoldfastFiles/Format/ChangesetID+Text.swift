import Holdfast

// Changeset ids stand in lines as 22 characters of base64url: hexadecimal digits would be 10 more in every line.

extension ChangesetID {
    static let textSize = 22

    /// Six bits a character, beginning with the highest; the last holds two.
    func withText<Value>(_ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.textSize) { buffer in
            for index in 0..<21 { buffer[index] = Base64Digit.text(of: bits(at: index * 6)) }
            buffer[21] = Base64Digit.text(of: (low & 3) << 4)
            return body(UnsafeBufferPointer(buffer))
        }
    }

    /// The six bits that begin at `offset`, counted from the highest.
    private func bits(at offset: Int) -> UInt64 {
        if offset <= 58 { return high >> UInt64(58 - offset) & 63 }
        if offset < 64 { return (high << UInt64(offset - 58) | low >> UInt64(122 - offset)) & 63 }
        return low >> UInt64(122 - offset) & 63
    }

    /// Nil: these are not the 22 characters of an id.
    init?(text: UnsafeRawBufferPointer) {
        guard text.count == Self.textSize else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for (index, byte) in text.enumerated() {
            guard let bits = Base64Digit.bits(of: byte) else { return nil }
            if index < 21 {
                high = high << 6 | low >> 58
                low = low << 6 | bits
            } else {
                guard bits & 15 == 0 else { return nil }
                high = high << 2 | low >> 62
                low = low << 2 | bits >> 4
            }
        }
        self.init(high: high, low: low)
    }
}
