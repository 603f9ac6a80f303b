import Holdfast

/// What a foreign record says that our records do not: the difference between it and what an export would write.
///
/// Kept in the metadata, it makes a round trip exact: unknown fields, other spellings of times and states without a
/// counterpart come back. Its JSON has `fields` (members that are different or unknown, as they were), `absent` (members that were
/// not there), `inside` (the same for members that are objects or arrays, by name or index), or just `value`.
enum Remainder {
    /// - Returns: nil when an export says everything.
    static func of(_ original: JSONValue, writtenAs written: JSONValue) -> [String: JSONValue]? {
        switch (original, written) {
        case _ where original == written: nil
        case (.object(let original), .object(let written)): of(original, writtenAs: written)
        case (.array(let original), .array(let written)) where original.count == written.count:
            of(members(of: original), writtenAs: members(of: written))
        default: ["value": original]
        }
    }

    private static func of(
        _ original: [String: JSONValue], writtenAs written: [String: JSONValue]
    ) -> [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        var inside: [String: JSONValue] = [:]
        for (name, value) in original {
            guard let other = written[name] else {
                fields[name] = value
                continue
            }
            guard let rest = of(value, writtenAs: other) else { continue }
            if rest["value"] != nil { fields[name] = value } else { inside[name] = .object(rest) }
        }
        let absent = written.keys.filter { original[$0] == nil }.sorted()
        var remainder: [String: JSONValue] = [:]
        if !fields.isEmpty { remainder["fields"] = .object(fields) }
        if !inside.isEmpty { remainder["inside"] = .object(inside) }
        if !absent.isEmpty { remainder["absent"] = .array(absent.map { .string($0) }) }
        return remainder
    }

    private static func members(of elements: [JSONValue]) -> [String: JSONValue] {
        Dictionary(uniqueKeysWithValues: elements.enumerated().map { (String($0), $1) })
    }

    /// The foreign record again.
    /// - Parameters:
    ///   - current: what an export would write now.
    ///   - base: what it would have written after the import. What has changed since is left as it is now.
    static func apply(_ remainder: [String: JSONValue], to current: JSONValue, from base: JSONValue) -> JSONValue {
        if let value = remainder["value"] { return current == base ? value : current }
        switch (current, base) {
        case (.object(let current), .object(let base)): return .object(apply(remainder, to: current, from: base))
        case (.array(let current), .array(let base)) where current.count >= base.count:
            let restored = apply(remainder, to: members(of: current), from: members(of: base))
            return .array(current.indices.map { restored[String($0)] ?? current[$0] })
        default: return current
        }
    }

    private static func apply(
        _ remainder: [String: JSONValue], to current: [String: JSONValue], from base: [String: JSONValue]
    ) -> [String: JSONValue] {
        var restored = current
        for (name, value) in remainder["fields"]?.objectValue ?? [:] where current[name] == base[name] {
            restored[name] = value
        }
        for name in remainder["absent"]?.arrayValue?.compactMap(\.stringValue) ?? []
        where current[name] == base[name] {
            restored[name] = nil
        }
        for (name, rest) in remainder["inside"]?.objectValue ?? [:] {
            guard let current = current[name], let base = base[name], let rest = rest.objectValue else { continue }
            restored[name] = apply(rest, to: current, from: base)
        }
        return restored
    }
}
