import Holdfast

// Changeset ids stand in lines as 22 characters of base64url (RFC 4648): hexadecimal digits would be 10 more in every line.

extension ChangesetID {
    static let textSize = 22

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Six bits a character, beginning with the highest; the last holds two.
    func withText<Value>(_ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.textSize) { buffer in
            for index in 0..<21 { buffer[index] = Self.alphabet[Int(bits(at: index * 6))] }
            buffer[21] = Self.alphabet[Int(low & 3) << 4]
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
            guard let bits = Self.value(of: byte) else { return nil }
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

    private static func value(of byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
