import Holdfast
import Testing

@Suite("JSON Schema: limits")
struct SchemaLimitTests {
    private func nested(_ depth: Int) -> JSONValue { (0..<depth).reduce(1) { value, _ in [value] } }

    @Test("violations are collected up to a limit, and the report says that there are more")
    func manyViolations() throws {
        let schema = try JSONSchema(["items": ["type": "string"]])
        let values = JSONValue.array((0..<1000).map { .int($0) })
        let report = try schema.check(values)
        #expect(report.violations.count == 100)
        #expect(report.isCut)
        #expect(!report.isValid)
        #expect(try schema.check(values, limit: 1000).violations.count == 1000)
        #expect(try schema.check(values, limit: 1000).isCut == false)
        #expect(try schema.check(values, limit: 0).isValid == false)
    }

    @Test("what does not count in the end leaves no room taken")
    func tentativeViolations() throws {
        let schema = try JSONSchema([
            "anyOf": [["items": ["type": "string"]], ["items": ["type": "integer"]]], "maxItems": 2,
        ])
        let report = try schema.check([1, 2, 3], limit: 2)
        #expect(report.violations.map(\.schemaPointer) == ["/maxItems"])
        #expect(!report.isCut)
    }

    @Test("schemas that apply within each other too deeply are refused, not overflown")
    func depth() throws {
        let schema = try JSONSchema(["items": ["$ref": "#"]])
        #expect(try schema.check(nested(200)).isValid)
        let error = #expect(throws: StoreError.self) { try schema.check(nested(500)) }
        #expect(error?.code == .tooLarge)
    }

    @Test("a dynamic reference without end is refused when it is met")
    func dynamicCircle() throws {
        let schema = try JSONSchema(["$dynamicAnchor": "a", "allOf": [["$dynamicRef": "#a"]]])
        let error = #expect(throws: StoreError.self) { try schema.check(1) }
        #expect(error?.code == .tooLarge)
    }

    @Test("a schema that multiplies its work ends in an error, not in years")
    func work() throws {
        var definitions: [String: JSONValue] = ["d0": ["type": "integer"]]
        for level in 1...40 {
            let next: JSONValue = ["$ref": .string("#/$defs/d\(level - 1)")]
            definitions["d\(level)"] = ["allOf": [next, next]]
        }
        let schema = try JSONSchema(["$defs": .object(definitions), "$ref": "#/$defs/d40"])
        let error = #expect(throws: StoreError.self) { try schema.check(1, limit: 100, work: 100_000) }
        #expect(error?.code == .tooLarge)
    }

    @Test("a document that is too large, too deep or has too many schemas is refused")
    func documents() throws {
        let long = JSONValue.object(["description": .string(String(repeating: "x", count: JSONSchema.maximumSize))])
        #expect(throws: SchemaProblems.self) { try JSONSchema(long) }
        var deep: JSONValue = true
        for _ in 0..<600 { deep = ["not": deep] }
        #expect(throws: SchemaProblems.self) { try JSONSchema(deep) }
        let many = JSONValue.object([
            "$defs": .object(Dictionary(uniqueKeysWithValues: (0...JSONSchema.maximumCount).map { ("\($0)", true) }))
        ])
        let error = #expect(throws: SchemaProblems.self) { try JSONSchema(many) }
        #expect(error?.problems.count == 1)
    }

    @Test("a hundred problems are reported at the most")
    func problems() throws {
        let bad = JSONValue.object(
            Dictionary(uniqueKeysWithValues: (0..<500).map { ("p\($0)", ["type": "text"] as JSONValue) }))
        let error = #expect(throws: SchemaProblems.self) { try JSONSchema(["properties": bad]) }
        #expect(error?.problems.count == 100)
    }

    @Test("pointers are shown so that a terminal obeys nothing in them")
    func pointers() throws {
        let report = try JSONSchema(["additionalProperties": false]).check(["a\u{1B}[31m/~": 1])
        #expect(report.violations.map(\.pointer) == ["/a\u{1B}[31m~1~0"])
        #expect(report.violations[0].description.hasPrefix("/a\\u{1b}[31m~1~0: "))
    }
}
