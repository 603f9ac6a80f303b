// What a value is in itself.

extension SchemaCheck {
    mutating func judge(
        _ value: JSONValue, by keyword: SchemaKeyword, at place: String, _ outcome: inout Outcome
    ) throws(StoreError) {
        switch keyword {
        case .type(let types):
            if !types.contains(where: value.isOf) {
                fail(&outcome, place, "it must be \(types.phrase), not \(value.jsonType.phrase)")
            }
        case .const(let key):
            if try !isEqual(value, [key]) { fail(&outcome, place, "it is not the one value that is allowed") }
        case .enumeration(let keys):
            if try !isEqual(value, keys) { fail(&outcome, place, "it is none of the \(keys.count) values allowed") }
        case .multipleOf(let divisor, let written):
            if let number = JSONNumber(value), !number.isMultiple(of: divisor) {
                fail(&outcome, place, "it must be a multiple of \(written)")
            }
        case .bound(let bound, let limit, let written):
            if let number = JSONNumber(value), !bound.holds(number, limit) {
                fail(&outcome, place, "it must be \(bound.phrase) \(written)")
            }
        case .size(let size, let limit): try judge(value, size, limit, place, &outcome)
        case .pattern(let pattern):
            if case .string(let text) = value, try !matches(pattern, text) {
                fail(&outcome, place, "it does not match the pattern")
            }
        case .uniqueItems: try judgeUniqueness(of: value, place, &outcome)
        case .required(let names): require(names, of: value, place, &outcome)
        case .dependentRequired(let dependants):
            for (name, names) in dependants where value[name] != nil {
                require(names, of: value, place + "/" + JSONPointer.Token.name(name).escaped, &outcome)
            }
        default: try applySchemas(of: keyword, to: value, at: place, &outcome)
        }
    }

    mutating func fail(_ outcome: inout Outcome, _ place: String, _ message: @autoclosure () -> String) {
        outcome.isValid = false
        record(place, message())
    }

    private mutating func isEqual(_ value: JSONValue, _ keys: Set<[UInt8]>) throws(StoreError) -> Bool {
        let key = value.equalityKey
        try spend(key.count / 16)
        return keys.contains(key)
    }

    mutating func matches(_ pattern: Pattern, _ text: String) throws(StoreError) -> Bool {
        guard let answer = pattern.matches(text, work: &work) else {
            throw tooMuch("a pattern takes too many steps on a long string")
        }
        return answer
    }

    private mutating func judge(
        _ value: JSONValue, _ size: SchemaKeyword.Size, _ limit: Int, _ place: String, _ outcome: inout Outcome
    ) throws(StoreError) {
        let count: Int
        switch (size, value) {
        case (.minLength, .string(let text)), (.maxLength, .string(let text)):
            count = text.unicodeScalars.count
            try spend(count / 16)
        case (.minItems, .array(let elements)), (.maxItems, .array(let elements)): count = elements.count
        case (.minProperties, .object(let members)), (.maxProperties, .object(let members)): count = members.count
        default: return
        }
        guard size.isLower ? count < limit : count > limit else { return }
        let wanted = "\(size.isLower ? "at least" : "at most") \(limit)"
        fail(&outcome, place, "it must have \(wanted) \(size.noun), not \(count)")
    }

    private mutating func judgeUniqueness(
        of value: JSONValue, _ place: String, _ outcome: inout Outcome
    ) throws(StoreError) {
        guard case .array(let elements) = value else { return }
        var seen: [[UInt8]: Int] = [:]
        for (index, element) in elements.enumerated() {
            let key = element.equalityKey
            try spend(1 + key.count / 16)
            if let earlier = seen[key] {
                return fail(&outcome, place, "its elements \(earlier) and \(index) are equal")
            }
            seen[key] = index
        }
    }

    private mutating func require(
        _ names: [String], of value: JSONValue, _ place: String, _ outcome: inout Outcome
    ) {
        guard case .object(let members) = value else { return }
        for name in names where members[name] == nil {
            fail(&outcome, place, "the member \(quoted(name)) is missing")
        }
    }
}

extension Set<JSONType> {
    /// `a string`, or `a string or null`.
    fileprivate var phrase: String {
        JSONType.allCases.filter(contains).map(\.phrase).joined(separator: " or ")
    }
}

extension SchemaKeyword.Bound {
    fileprivate func holds(_ number: JSONNumber, _ limit: JSONNumber) -> Bool {
        switch self {
        case .minimum: number >= limit
        case .maximum: number <= limit
        case .exclusiveMinimum: number > limit
        case .exclusiveMaximum: number < limit
        }
    }

    fileprivate var phrase: String {
        switch self {
        case .minimum: "at least"
        case .maximum: "at most"
        case .exclusiveMinimum: "more than"
        case .exclusiveMaximum: "less than"
        }
    }
}

extension SchemaKeyword.Size {
    fileprivate var isLower: Bool { self == .minLength || self == .minItems || self == .minProperties }

    fileprivate var noun: String {
        switch self {
        case .minLength, .maxLength: "characters"
        case .minItems, .maxItems: "elements"
        case .minProperties, .maxProperties: "members"
        }
    }
}
