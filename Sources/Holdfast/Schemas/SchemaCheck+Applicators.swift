// What other schemas say about a value and its parts.

extension SchemaCheck {
    mutating func applySchemas(
        of keyword: SchemaKeyword, to value: JSONValue, at place: String, _ outcome: inout Outcome
    ) throws(StoreError) {
        switch keyword {
        case .reference(let target): try demand(target, of: value, &outcome)
        case .dynamicReference(let target, let anchor):
            try demand(dynamicTarget(target, anchor), of: value, &outcome)
        case .allOf(let schemas): for schema in schemas { try demand(schema, of: value, &outcome) }
        case .anyOf(let schemas): try applyAny(schemas, to: value, place, &outcome)
        case .oneOf(let schemas): try applyOne(schemas, to: value, place, &outcome)
        case .not(let schema):
            let matches = try asks { check throws(StoreError) in try check.apply(schema, to: value).isValid }
            if matches { fail(&outcome, place, "it is what must not stand here") }
        case .condition(let condition, let then, let otherwise):
            let answer = try asks { check throws(StoreError) in try check.apply(condition, to: value) }
            if answer.isValid { outcome.evaluated.formUnion(answer.evaluated) }
            if let branch = answer.isValid ? then : otherwise { try demand(branch, of: value, &outcome) }
        case .dependentSchemas(let schemas):
            for (name, schema) in schemas where value[name] != nil { try demand(schema, of: value, &outcome) }
        default: try applyToParts(keyword, of: value, at: place, &outcome)
        }
    }

    /// The value has to satisfy the schema. What it looked at counts even where it fails: the value is refused anyway, and
    /// `unevaluated…` would only repeat why.
    private mutating func demand(
        _ index: Int, of value: JSONValue, _ outcome: inout Outcome
    ) throws(StoreError) {
        let answer = try apply(index, to: value)
        if !answer.isValid { outcome.isValid = false }
        if schema.tracksEvaluated { outcome.evaluated.formUnion(answer.evaluated) }
    }

    private mutating func applyAny(
        _ schemas: [Int], to value: JSONValue, _ place: String, _ outcome: inout Outcome
    ) throws(StoreError) {
        let start = mark
        var matches = 0
        for schema in schemas {
            let answer = try apply(schema, to: value)
            guard answer.isValid else { continue }
            matches += 1
            outcome.evaluated.formUnion(answer.evaluated)
            if !self.schema.tracksEvaluated { break }
        }
        guard matches == 0 else { return goBack(to: start) }
        fail(&outcome, place, "it matches none of the \(schemas.count) alternatives")
    }

    private mutating func applyOne(
        _ schemas: [Int], to value: JSONValue, _ place: String, _ outcome: inout Outcome
    ) throws(StoreError) {
        let start = mark
        var matching: [Int] = []
        for (index, schema) in schemas.enumerated() {
            let answer = try apply(schema, to: value)
            guard answer.isValid else { continue }
            matching.append(index)
            outcome.evaluated.formUnion(answer.evaluated)
        }
        switch matching.count {
        case 0: fail(&outcome, place, "it matches none of the \(schemas.count) alternatives")
        case 1: goBack(to: start)
        default:
            goBack(to: start)
            let list = matching.map(String.init).joined(separator: ", ")
            fail(&outcome, place, "it must match one alternative only, not \(matching.count) (\(list))")
        }
    }

    // MARK: - Parts

    private mutating func applyToParts(
        _ keyword: SchemaKeyword, of value: JSONValue, at place: String, _ outcome: inout Outcome
    ) throws(StoreError) {
        switch (keyword, value) {
        case (.members(let properties, let patterns, let additional), .object(let members)):
            try judge(members, properties, patterns, additional, &outcome)
        case (.propertyNames(let schema), .object(let members)):
            for name in members.keys.sorted() where try !apply(schema, to: .string(name), at: .name(name)) {
                outcome.isValid = false
            }
        case (.items(let prefix, let rest), .array(let elements)):
            for (index, element) in elements.enumerated() {
                guard let schema = index < prefix.count ? prefix[index] : rest else { break }
                if try !apply(schema, to: element, at: .index(index)) { outcome.isValid = false }
                if self.schema.tracksEvaluated { outcome.evaluated.insert(index) }
            }
        case (.contains(let schema, let minimum, let maximum), .array(let elements)):
            try judge(elements, contain: schema, minimum, maximum, place, &outcome)
        case (.unevaluatedProperties(let schema), .object(let members)):
            for (name, member) in members.sorted(by: { $0.key < $1.key }) where !outcome.evaluated.contains(name) {
                if try !apply(schema, to: member, at: .name(name)) { outcome.isValid = false }
            }
            outcome.evaluated.insertAll()
        case (.unevaluatedItems(let schema), .array(let elements)):
            for (index, element) in elements.enumerated() where !outcome.evaluated.contains(index) {
                if try !apply(schema, to: element, at: .index(index)) { outcome.isValid = false }
            }
            outcome.evaluated.insertAll()
        default: break
        }
    }

    private mutating func judge(
        _ members: [String: JSONValue], _ properties: [String: Int],
        _ patterns: [(pattern: Pattern, schema: Int)], _ additional: Int?, _ outcome: inout Outcome
    ) throws(StoreError) {
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            var schemas = properties[name].map { [$0] } ?? []
            for (pattern, schema) in patterns where try matches(pattern, name) { schemas.append(schema) }
            if schemas.isEmpty, let additional { schemas = [additional] }
            for schema in schemas where try !apply(schema, to: member, at: .name(name)) { outcome.isValid = false }
            if !schemas.isEmpty, schema.tracksEvaluated { outcome.evaluated.insert(name) }
        }
    }

    private mutating func judge(
        _ elements: [JSONValue], contain schema: Int, _ minimum: Int, _ maximum: Int?, _ place: String,
        _ outcome: inout Outcome
    ) throws(StoreError) {
        var count = 0
        for (index, element) in elements.enumerated() {
            let matches = try asks { check throws(StoreError) in
                try check.apply(schema, to: element, at: .index(index))
            }
            guard matches else { continue }
            count += 1
            if self.schema.tracksEvaluated { outcome.evaluated.insert(index) }
        }
        if count < minimum {
            fail(&outcome, place, "at least \(minimum) of its elements must match, not \(count)")
        } else if let maximum, count > maximum {
            fail(&outcome, place, "at most \(maximum) of its elements may match, not \(count)")
        }
    }
}
