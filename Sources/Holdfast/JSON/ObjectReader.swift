/// Reads the members of a stored JSON object, so that every mistyped one ends in the same error: `corrupt`, naming the
/// object and the member. An absent member and a null one are the same.
package struct ObjectReader {
    package let members: [String: JSONValue]
    private let subject: String

    package init(_ json: JSONValue, subject: String) throws(StoreError) {
        guard case .object(let members) = json else {
            throw StoreError(.corrupt, subject: subject, detail: "no object")
        }
        self.members = members
        self.subject = subject
    }

    package func failure(_ detail: String) -> StoreError { StoreError(.corrupt, subject: subject, detail: detail) }

    /// The member as `read` gives it, which must be there.
    package func required<Value>(
        _ name: String, _ read: (String) throws(StoreError) -> Value?
    ) throws(StoreError) -> Value {
        guard let value = try read(name) else { throw failure("\(name) is missing") }
        return value
    }

    private func member<Value>(
        _ name: String, _ type: StaticString, _ convert: (JSONValue) -> Value?
    ) throws(StoreError) -> Value? {
        guard let json = members[name], !json.isNull else { return nil }
        guard let value = convert(json) else { throw failure("\(name) is no \(type)") }
        return value
    }

    package func string(_ name: String) throws(StoreError) -> String? { try member(name, "string", \.stringValue) }
    package func int(_ name: String) throws(StoreError) -> Int64? { try member(name, "integer", \.intValue) }
    package func double(_ name: String) throws(StoreError) -> Double? { try member(name, "number", \.doubleValue) }
    package func bool(_ name: String) throws(StoreError) -> Bool? { try member(name, "boolean", \.boolValue) }
    package func array(_ name: String) throws(StoreError) -> [JSONValue]? { try member(name, "array", \.arrayValue) }

    package func object(_ name: String) throws(StoreError) -> [String: JSONValue]? {
        try member(name, "object", \.objectValue)
    }

    package func strings(_ name: String) throws(StoreError) -> [String: String]? {
        try member(name, "object of strings") { json in
            guard let members = json.objectValue else { return nil }
            let strings = members.compactMapValues(\.stringValue)
            return strings.count == members.count ? strings : nil
        }
    }

    package func stringArray(_ name: String) throws(StoreError) -> [String]? {
        try member(name, "array of strings") { json in
            guard let elements = json.arrayValue else { return nil }
            let strings = elements.compactMap(\.stringValue)
            return strings.count == elements.count ? strings : nil
        }
    }

    package func identifier<ID: Identifier>(_ name: String) throws(StoreError) -> ID? {
        try member(name, "identifier") { $0.stringValue.flatMap(ID.init(rawValue:)) }
    }

    /// The elements of an array, each an object that `read` reads; an absent array is an empty one.
    package func objects<Value>(
        _ name: String, _ read: (ObjectReader) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        var values: [Value] = []
        for json in try array(name) ?? [] {
            values.append(try read(try ObjectReader(json, subject: "\(subject), \(name)")))
        }
        return values
    }

    /// A member that is an object, which `read` reads.
    package func nested<Value>(
        _ name: String, _ read: (ObjectReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        guard let json = members[name], !json.isNull else { return nil }
        return try read(try ObjectReader(json, subject: "\(subject), \(name)"))
    }

    package func identifiers<ID: Identifier>(_ name: String) throws(StoreError) -> [ID]? {
        try member(name, "array of identifiers") { json in
            guard let elements = json.arrayValue else { return nil }
            let ids = elements.compactMap { $0.stringValue.flatMap(ID.init(rawValue:)) }
            return ids.count == elements.count ? ids : nil
        }
    }

    package func digests(_ name: String) throws(StoreError) -> [Digest]? {
        try member(name, "array of SHA-256") { json in
            guard let elements = json.arrayValue else { return nil }
            let digests = elements.compactMap { $0.stringValue.flatMap(Digest.init(hexadecimal:)) }
            return digests.count == elements.count ? digests : nil
        }
    }

    /// A value of an enumeration with text names.
    package func name<Name: RawRepresentable>(_ name: String) throws(StoreError) -> Name?
    where Name.RawValue == String {
        try member(name, "known name") { $0.stringValue.flatMap(Name.init(rawValue:)) }
    }

    /// Whole milliseconds since 1970.
    package func timestamp(_ name: String) throws(StoreError) -> Timestamp? {
        try int(name).map(Timestamp.init(milliseconds:))
    }

    /// Whole milliseconds.
    package func duration(_ name: String) throws(StoreError) -> Duration? { try int(name).map(Duration.milliseconds) }

    package func digest(_ name: String) throws(StoreError) -> Digest? {
        try member(name, "SHA-256") { $0.stringValue.flatMap(Digest.init(hexadecimal:)) }
    }
}
