/// One value held against a schema.
struct SchemaCheck {
    /// Schemas applied, characters of patterns gone through, values compared: what a check may cost.
    static let maximumWork = 20_000_000

    let schema: JSONSchema
    private let limit: Int
    /// Where in the value we are.
    private var pointer = JSONPointer()
    /// The resources that were entered, outermost first.
    private var scope: [Int] = []
    private var depth = 0
    /// Above 0 where it is only asked whether, not why.
    var silence = 0
    var work: Int
    private(set) var violations: [SchemaViolation] = []
    private var isCut = false

    init(_ schema: JSONSchema, limit: Int, work: Int) {
        self.schema = schema
        self.limit = limit
        self.work = work
    }

    mutating func run(_ value: JSONValue) throws(StoreError) -> SchemaReport {
        _ = try apply(0, to: value)
        return SchemaReport(violations: violations, isCut: isCut)
    }

    // MARK: - Applying schemas

    /// How one schema judged.
    struct Outcome {
        var isValid = true
        var evaluated = Evaluated()
    }

    mutating func apply(_ index: Int, to value: JSONValue) throws(StoreError) -> Outcome {
        let node = schema.nodes[index]
        if let always = node.isAlways {
            if !always { record(node.pointer, "nothing may stand here") }
            return Outcome(isValid: always)
        }
        depth += 1
        defer { depth -= 1 }
        guard depth <= JSONSchema.maximumDepth else {
            throw tooMuch("schemas apply within each other more than \(JSONSchema.maximumDepth) deep")
        }
        let entersResource = scope.last != node.resource
        if entersResource { scope.append(node.resource) }
        defer { if entersResource { scope.removeLast() } }
        var outcome = Outcome()
        for (place, keyword) in node.keywords {
            try spend(1)
            try judge(value, by: keyword, at: place, &outcome)
        }
        return outcome
    }

    /// Applies a schema to a part of the value.
    mutating func apply(
        _ index: Int, to part: JSONValue, at token: JSONPointer.Token
    ) throws(StoreError) -> Bool {
        pointer.tokens.append(token)
        defer { pointer.tokens.removeLast() }
        return try apply(index, to: part).isValid
    }

    /// Only asks whether a schema is satisfied.
    mutating func asks<Answer>(
        _ body: (inout SchemaCheck) throws(StoreError) -> Answer
    ) throws(StoreError) -> Answer {
        silence += 1
        defer { silence -= 1 }
        return try body(&self)
    }

    /// The schema that a dynamic anchor means here: that of the outermost resource which has it.
    func dynamicTarget(_ index: Int, _ anchor: String?) -> Int {
        guard let anchor else { return index }
        return scope.lazy.compactMap { schema.resources[$0].dynamicAnchors[anchor] }.first ?? index
    }

    // MARK: - Limits

    mutating func spend(_ amount: Int) throws(StoreError) {
        work -= amount
        guard work > 0 else { throw tooMuch("it would take too many steps") }
    }

    func tooMuch(_ detail: String) -> StoreError {
        StoreError(.tooLarge, subject: "check against a schema", detail: detail)
    }

    // MARK: - Violations

    mutating func record(_ schemaPointer: String, _ message: @autoclosure () -> String) {
        guard silence == 0 else { return }
        guard violations.count < limit else {
            isCut = true
            return
        }
        violations.append(
            SchemaViolation(pointer: pointer.text, schemaPointer: schemaPointer, message: message()))
    }

    /// The violations so far: to go back to, when what follows turns out not to matter.
    struct Mark {
        fileprivate let count: Int
        fileprivate let isCut: Bool
    }

    var mark: Mark { Mark(count: violations.count, isCut: isCut) }

    mutating func goBack(to mark: Mark) {
        violations.removeLast(violations.count - mark.count)
        isCut = mark.isCut
    }
}

/// What the keywords of a schema, and of those that it applies to the same value, have looked at.
struct Evaluated {
    private(set) var names: Set<String> = []
    private(set) var indices: Set<Int> = []
    private(set) var hasAll = false

    mutating func insert(_ name: String) { if !hasAll { names.insert(name) } }
    mutating func insert(_ index: Int) { if !hasAll { indices.insert(index) } }

    mutating func insertAll() {
        hasAll = true
        names = []
        indices = []
    }

    mutating func formUnion(_ other: Evaluated) {
        guard !hasAll else { return }
        if other.hasAll { return insertAll() }
        if names.isEmpty { names = other.names } else { names.formUnion(other.names) }
        if indices.isEmpty { indices = other.indices } else { indices.formUnion(other.indices) }
    }

    func contains(_ name: String) -> Bool { hasAll || names.contains(name) }
    func contains(_ index: Int) -> Bool { hasAll || indices.contains(index) }
}
