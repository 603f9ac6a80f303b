import Holdfast

/// Makes our ids of those of other systems.
enum ForeignID {
    /// What keeps a text from naming anything.
    static func problem(with text: String) -> String? {
        if text.isEmpty { return "is empty" }
        if text.unicodeScalars.contains(where: isControl) {
            return "holds a control character"
        }
        return nil
    }

    /// The text itself where it is a valid id; else one made of what may stay of it and a digest of all of it, so that
    /// different texts get different ids and the same text the same.
    static func derive<ID: Identifier>(_ text: String) -> ID {
        if let id = ID(rawValue: text) { return id }
        let kept = text.utf8.prefix(100).map { byte in
            isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") ? byte : UInt8(ascii: "_")
        }
        let trimmed = kept.drop { !isAlphanumeric($0) }
        let digest = Digest(of: text.utf8).hexadecimal.prefix(12)
        return ID(unchecked: (trimmed.isEmpty ? "x" : String(decoding: trimmed, as: UTF8.self)) + "-" + digest)
    }

    /// The general category Cc.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
