/// The members of one schema.
struct SchemaPlace {
    let members: [String: JSONValue]
    let pointer: String
    let resource: Int

    func pointer(to keyword: String) -> String { pointer + "/" + keyword }
}

// What single keywords say about the value itself.

extension SchemaCompiler {
    /// All keywords of a schema, in the order in which they are asked: what a value is before what its parts are, and
    /// `unevaluated…` last.
    mutating func keywords(of place: SchemaPlace) -> [(name: String, keyword: SchemaKeyword)] {
        checkAnnotations(place)
        var keywords: [(name: String, keyword: SchemaKeyword)] = []
        func add(_ name: String, _ keyword: SchemaKeyword?) {
            if let keyword { keywords.append((name, keyword)) }
        }
        add("$ref", reference(place))
        add("$dynamicRef", dynamicReference(place))
        add("type", type(place))
        add("const", place.members["const"].map { .const($0.equalityKey) })
        add("enum", enumeration(place))
        add("multipleOf", multipleOf(place))
        for bound in SchemaKeyword.Bound.allCases { add(bound.rawValue, self.bound(bound, place)) }
        for size in SchemaKeyword.Size.allCases {
            add(size.rawValue, count(size.rawValue, place).map { .size(size, $0) })
        }
        add("pattern", pattern(place))
        add("uniqueItems", boolean("uniqueItems", place) == true ? .uniqueItems : nil)
        add("required", names(place.members["required"], at: place.pointer(to: "required")).map { .required($0) })
        add("dependentRequired", dependentRequired(place))
        for (name, keyword) in applicators(of: place) { add(name, keyword) }
        return keywords
    }

    private mutating func type(_ place: SchemaPlace) -> SchemaKeyword? {
        guard let value = place.members["type"] else { return nil }
        let names = value.arrayValue ?? [value]
        let types = names.compactMap { $0.stringValue.flatMap(JSONType.init(rawValue:)) }
        guard types.count == names.count, !types.isEmpty, Set(types).count == types.count else {
            let known = JSONType.allCases.map(\.rawValue).joined(separator: ", ")
            refuse(place.pointer(to: "type"), "it must be one of \(known), or an array of some, each once")
            return nil
        }
        return .type(Set(types))
    }

    private mutating func enumeration(_ place: SchemaPlace) -> SchemaKeyword? {
        guard let value = place.members["enum"] else { return nil }
        guard let values = value.arrayValue else {
            refuse(place.pointer(to: "enum"), "it must be an array of values, not \(value.jsonType.phrase)")
            return nil
        }
        return .enumeration(Set(values.map(\.equalityKey)))
    }

    private mutating func multipleOf(_ place: SchemaPlace) -> SchemaKeyword? {
        guard let value = place.members["multipleOf"] else { return nil }
        guard let number = JSONNumber(value), number.significand > 0, !number.isNegative else {
            refuse(place.pointer(to: "multipleOf"), "it must be a number above 0")
            return nil
        }
        return .multipleOf(number, written: value.compactText)
    }

    private mutating func bound(_ bound: SchemaKeyword.Bound, _ place: SchemaPlace) -> SchemaKeyword? {
        guard let value = place.members[bound.rawValue] else { return nil }
        guard let number = JSONNumber(value) else {
            refuse(place.pointer(to: bound.rawValue), "it must be a number, not \(value.jsonType.phrase)")
            return nil
        }
        return .bound(bound, number, written: value.compactText)
    }

    /// A number of things, 0 or more; what no value can have that many of counts as the largest integer.
    mutating func count(_ keyword: String, _ place: SchemaPlace) -> Int? {
        guard let value = place.members[keyword] else { return nil }
        guard let number = JSONNumber(value), number.isInteger, !number.isNegative else {
            refuse(place.pointer(to: keyword), "it must be a whole number, 0 or more")
            return nil
        }
        return value.intValue.map(Int.init) ?? value.doubleValue.flatMap { Int(exactly: $0) } ?? .max
    }

    private mutating func boolean(_ keyword: String, _ place: SchemaPlace) -> Bool? {
        guard let value = place.members[keyword] else { return nil }
        if value.boolValue == nil {
            refuse(place.pointer(to: keyword), "it must be true or false, not \(value.jsonType.phrase)")
        }
        return value.boolValue
    }

    private mutating func pattern(_ place: SchemaPlace) -> SchemaKeyword? {
        guard let value = place.members["pattern"] else { return nil }
        guard let text = value.stringValue else {
            refuse(place.pointer(to: "pattern"), "it must be a string, not \(value.jsonType.phrase)")
            return nil
        }
        return pattern(text, at: place.pointer(to: "pattern")).map { .pattern($0) }
    }

    mutating func pattern(_ text: String, at pointer: String) -> Pattern? {
        if let known = patterns[text], let known { return known }
        do throws(PatternError) {
            let pattern = try Pattern(text)
            patterns[text] = pattern
            return pattern
        } catch {
            let place = error.offset.map { ", at character \($0 + 1)" } ?? ""
            refuse(pointer, "the pattern is refused: \(error.reason)\(place)")
            return nil
        }
    }

    /// An array of different names.
    private mutating func names(_ value: JSONValue?, at pointer: String) -> [String]? {
        guard let value else { return nil }
        let names = value.arrayValue?.compactMap(\.stringValue)
        guard let names, names.count == value.arrayValue?.count, Set(names).count == names.count else {
            refuse(pointer, "it must be an array of names, each once")
            return nil
        }
        return names
    }

    private mutating func dependentRequired(_ place: SchemaPlace) -> SchemaKeyword? {
        guard let value = place.members["dependentRequired"] else { return nil }
        let pointer = place.pointer(to: "dependentRequired")
        guard let members = value.objectValue else {
            refuse(pointer, "it must be an object of arrays of names, not \(value.jsonType.phrase)")
            return nil
        }
        var dependants: [(name: String, required: [String])] = []
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            let inner = pointer + "/" + JSONPointer.Token.name(name).escaped
            if let names = names(value, at: inner) { dependants.append((name, names)) }
        }
        return .dependentRequired(dependants)
    }

    // MARK: - What judges nothing

    private static let annotations: [(String, JSONType)] = [
        ("$comment", .string), ("title", .string), ("description", .string), ("format", .string),
        ("contentEncoding", .string), ("contentMediaType", .string), ("deprecated", .boolean), ("readOnly", .boolean),
        ("writeOnly", .boolean), ("examples", .array), ("$vocabulary", .object),
    ]

    private mutating func checkAnnotations(_ place: SchemaPlace) {
        for (keyword, type) in Self.annotations {
            guard let value = place.members[keyword], !value.isOf(type) else { continue }
            refuse(place.pointer(to: keyword), "it must be \(type.phrase), not \(value.jsonType.phrase)")
        }
        guard let dialect = place.members["$schema"] else { return }
        guard [JSONSchema.dialect, JSONSchema.dialect + "#"].contains(dialect.stringValue) else {
            refuse(place.pointer(to: "$schema"), "only \(JSONSchema.dialect) is supported")
            return
        }
    }
}
