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

    /// What the name of a task instance stands for: one of a mapped task, `load[3]`, as exports of ours name it; else a task.
    static func instance(_ name: String) -> InstanceID {
        guard name.hasSuffix("]"), let bracket = name.firstIndex(of: "[") else { return InstanceID(derive(name)) }
        let digits = name[name.index(after: bracket)...].dropLast()
        guard let task = TaskID(rawValue: String(name[..<bracket])), let index = Int(digits), index >= 0,
            String(index) == digits
        else { return InstanceID(derive(name)) }
        return InstanceID(task, mapIndex: index)
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
