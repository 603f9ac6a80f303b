/// A JSON value: what an XCom, a parameter or the payload of an event holds.
///
/// Numbers keep whether they were written as integers (64 bits) or not. Objects have no order; they are written with
/// sorted keys, so equal values have equal text, which is what digests are computed from.
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue {
    /// The member of an object, or nil when there is none or this is no object.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    /// The element of an array, or nil when it is out of range or this is no array.
    public subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    public var isNull: Bool { self == .null }

    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

    public var intValue: Int64? { if case .int(let value) = self { value } else { nil } }

    /// The number, whether it was written as an integer or not.
    public var doubleValue: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    public var stringValue: String? { if case .string(let value) = self { value } else { nil } }

    public var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

    public var objectValue: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }

    /// What a person or an environment variable sees: a string raw, everything else as JSON.
    public var rawText: String {
        if case .string(let value) = self { value } else { compactText }
    }
}

extension [String: JSONValue] {
    /// Takes changes over key by key; null removes one.
    package mutating func apply(changes: [String: JSONValue]) {
        for (key, changed) in changes {
            if changed.isNull { removeValue(forKey: key) } else { updateValue(changed, forKey: key) }
        }
    }
}

extension JSONValue {
    /// What keeps a value made in a program from being written and read again: nested too deeply, or a number that is
    /// not finite. Nil for whatever was parsed.
    package var problem: String? { problem(allowance: Self.maximumDepth) }

    private func problem(allowance: Int) -> String? {
        switch self {
        case .double(let number) where !number.isFinite: return "a number is not finite"
        case .array, .object: break
        default: return nil
        }
        guard allowance > 0 else { return "nested deeper than \(Self.maximumDepth)" }
        if case .array(let elements) = self {
            for element in elements { if let problem = element.problem(allowance: allowance - 1) { return problem } }
        } else if case .object(let members) = self {
            for member in members.values {
                if let problem = member.problem(allowance: allowance - 1) { return problem }
            }
        }
        return nil
    }
}

// Not by nil: `condition ? value : nil` would quietly make a null of what should be nothing.
extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

extension JSONValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .int(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
