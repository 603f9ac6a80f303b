/// A keyword of a schema, read and ready. Schemas it holds are indices into the nodes of the document.
enum SchemaKeyword: Sendable {
    // Any value.
    case type(Set<JSONType>)
    case const([UInt8])
    case enumeration(Set<[UInt8]>)

    // Numbers.
    case multipleOf(JSONNumber, written: String)
    case bound(Bound, JSONNumber, written: String)

    // Sizes of strings, arrays and objects.
    case size(Size, Int)
    case pattern(Pattern)
    case uniqueItems
    case required([String])
    case dependentRequired([(name: String, required: [String])])

    // Schemas for the value itself.
    case allOf([Int])
    case anyOf([Int])
    case oneOf([Int])
    case not(Int)
    case condition(if: Int, then: Int?, else: Int?)
    case dependentSchemas([(name: String, schema: Int)])
    case reference(Int)
    case dynamicReference(Int, anchor: String?)

    // Schemas for parts of the value.
    case members(properties: [String: Int], patterns: [(pattern: Pattern, schema: Int)], additional: Int?)
    case propertyNames(Int)
    case items(prefix: [Int], rest: Int?)
    case contains(Int, minimum: Int, maximum: Int?)
    case unevaluatedProperties(Int)
    case unevaluatedItems(Int)

    enum Bound: String, Sendable, CaseIterable { case minimum, maximum, exclusiveMinimum, exclusiveMaximum }

    enum Size: String, Sendable, CaseIterable {
        case minLength, maxLength, minItems, maxItems, minProperties, maxProperties
    }

    /// The schemas that it applies to the value itself, not to a part of it.
    var inPlace: [Int] {
        switch self {
        case .allOf(let schemas), .anyOf(let schemas), .oneOf(let schemas): schemas
        case .not(let schema), .reference(let schema): [schema]
        case .condition(let condition, let then, let otherwise): [condition] + [then, otherwise].compactMap { $0 }
        case .dependentSchemas(let schemas): schemas.map(\.schema)
        default: []
        }
    }
}

/// What `type` tells apart. An integer is a number without a fraction, however it is written.
enum JSONType: String, Sendable, CaseIterable {
    case null, boolean, object, array, number, string, integer
}

extension JSONValue {
    /// Its type for people: `integer` only where that is how it is written.
    var jsonType: JSONType {
        switch self {
        case .null: .null
        case .bool: .boolean
        case .int: .integer
        case .double: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    func isOf(_ type: JSONType) -> Bool {
        switch (self, type) {
        case (.int, .number): true
        case (.double, .integer): JSONNumber(self)?.isInteger ?? false
        default: jsonType == type
        }
    }
}

/// A schema within a document: a place with keywords.
struct SchemaNode: Sendable {
    /// Where it stands in the document.
    let pointer: String
    /// The index of the resource (what has an `$id` of its own) that it belongs to.
    let resource: Int
    /// For the schemas `true` and `false`.
    var isAlways: Bool?
    /// In the order in which they are asked, each with where it stands.
    var keywords: [(pointer: String, keyword: SchemaKeyword)] = []
}

/// A part of a document that has an identity: the document itself, or a schema with an `$id`.
struct SchemaResource: Sendable {
    let base: String
    let pointer: String
    var anchors: [String: Int] = [:]
    var dynamicAnchors: [String: Int] = [:]
}
