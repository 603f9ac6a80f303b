// Keywords that apply other schemas.

extension SchemaCompiler {
    mutating func applicators(of place: SchemaPlace) -> [(name: String, keyword: SchemaKeyword?)] {
        [
            ("prefixItems", items(place)),
            ("contains", contains(place)),
            ("properties", members(place)),
            ("propertyNames", schema("propertyNames", place).map { .propertyNames($0) }),
            ("dependentSchemas", map("dependentSchemas", place).map { .dependentSchemas($0) }),
            ("allOf", list("allOf", place).map { .allOf($0) }),
            ("anyOf", list("anyOf", place).map { .anyOf($0) }),
            ("oneOf", list("oneOf", place).map { .oneOf($0) }),
            ("not", schema("not", place).map { .not($0) }),
            ("if", condition(place)),
            ("unevaluatedItems", unevaluated("unevaluatedItems", place).map { .unevaluatedItems($0) }),
            ("unevaluatedProperties", unevaluated("unevaluatedProperties", place).map { .unevaluatedProperties($0) }),
        ]
    }

    /// The schema that a keyword holds; nil when there is none, or it was refused.
    private func schema(_ keyword: String, _ place: SchemaPlace) -> Int? {
        place.members[keyword] == nil ? nil : index(of: place.pointer(to: keyword))
    }

    private func list(_ keyword: String, _ place: SchemaPlace) -> [Int]? {
        place.members[keyword]?.arrayValue?.indices.compactMap { index(of: "\(place.pointer(to: keyword))/\($0)") }
    }

    private func map(_ keyword: String, _ place: SchemaPlace) -> [(name: String, schema: Int)]? {
        guard let names = place.members[keyword]?.objectValue?.keys.sorted() else { return nil }
        return names.compactMap { name in
            index(of: "\(place.pointer(to: keyword))/\(JSONPointer.Token.name(name).escaped)").map { (name, $0) }
        }
    }

    private mutating func unevaluated(_ keyword: String, _ place: SchemaPlace) -> Int? {
        let schema = schema(keyword, place)
        if schema != nil { tracksEvaluated = true }
        return schema
    }

    private func items(_ place: SchemaPlace) -> SchemaKeyword? {
        let prefix = list("prefixItems", place) ?? []
        let rest = schema("items", place)
        return prefix.isEmpty && rest == nil ? nil : .items(prefix: prefix, rest: rest)
    }

    private mutating func contains(_ place: SchemaPlace) -> SchemaKeyword? {
        // Without `contains` both say nothing, but have to be whole numbers all the same.
        let minimum = count("minContains", place)
        let maximum = count("maxContains", place)
        return schema("contains", place).map { .contains($0, minimum: minimum ?? 1, maximum: maximum) }
    }

    private mutating func members(_ place: SchemaPlace) -> SchemaKeyword? {
        let properties = map("properties", place)?.map { ($0.name, $0.schema) } ?? []
        var patterns: [(pattern: Pattern, schema: Int)] = []
        for (text, schema) in map("patternProperties", place) ?? [] {
            let pointer = "\(place.pointer(to: "patternProperties"))/\(JSONPointer.Token.name(text).escaped)"
            if let pattern = pattern(text, at: pointer) { patterns.append((pattern, schema)) }
        }
        let additional = schema("additionalProperties", place)
        guard !properties.isEmpty || !patterns.isEmpty || additional != nil else { return nil }
        return .members(
            properties: Dictionary(properties, uniquingKeysWith: { first, _ in first }), patterns: patterns,
            additional: additional)
    }

    private func condition(_ place: SchemaPlace) -> SchemaKeyword? {
        schema("if", place).map { .condition(if: $0, then: schema("then", place), else: schema("else", place)) }
    }

    // MARK: - References

    mutating func reference(_ place: SchemaPlace) -> SchemaKeyword? {
        target(of: "$ref", place).map { .reference($0.schema) }
    }

    mutating func dynamicReference(_ place: SchemaPlace) -> SchemaKeyword? {
        guard let (schema, fragment) = target(of: "$dynamicRef", place) else { return nil }
        let isDynamic = resources[nodes[schema].resource].dynamicAnchors[fragment] == schema
        return .dynamicReference(schema, anchor: isDynamic ? fragment : nil)
    }

    /// The schema that a reference names, as the document stands.
    private mutating func target(of keyword: String, _ place: SchemaPlace) -> (schema: Int, fragment: String)? {
        guard let value = place.members[keyword] else { return nil }
        let pointer = place.pointer(to: keyword)
        guard let text = value.stringValue else {
            refuse(pointer, "it must be a URI reference, not \(value.jsonType.phrase)")
            return nil
        }
        let uri = URIReference(text).resolved(against: URIReference(resources[place.resource].base))
        guard let resource = resourceIndices[uri.resource] else {
            refuse(pointer, "\(quoted(text)) leads out of this document; put the schema under $defs")
            return nil
        }
        guard let fragment = uri.decodedFragment, let schema = schema(fragment, in: resource) else {
            refuse(pointer, "\(quoted(text)) leads nowhere in this document")
            return nil
        }
        return (schema, fragment)
    }

    private mutating func schema(_ fragment: String, in resource: Int) -> Int? {
        if fragment.isEmpty || fragment.hasPrefix("/") {
            return node(at: resources[resource].pointer + fragment, resource: resource)
        }
        return resources[resource].anchors[fragment]
    }
}
