import Holdfast
import Testing

@Suite("JSON Schema")
struct SchemaKeywordTests {
    @Test("there are at least 300 cases of values, over every keyword")
    func areMany() {
        #expect(SchemaCase.all.count >= 300)
        let files = Set(SchemaCase.all.map(\.keyword))
        #expect(files.count >= 40)
    }

    @Test("a value is judged, and every violation points to its place", arguments: SchemaCase.all)
    func judges(_ sample: SchemaCase) throws {
        let report = try JSONSchema(sample.schema).check(sample.value)
        #expect(report.violations.map { "\($0.pointer)→\($0.schemaPointer)" } == sample.violations)
        #expect(report.isValid == sample.violations.isEmpty)
        // Whatever it holds, a schema comes back from its text the same.
        let again = try JSONSchema(try JSONValue(parsing: sample.schema.compactText)).check(sample.value)
        #expect(again == report)
    }

    @Test("there are at least 50 broken schemas")
    func brokenAreMany() { #expect(BrokenSchema.all.count >= 50) }

    @Test("a broken schema is refused with all its problems", arguments: BrokenSchema.all)
    func refuses(_ broken: BrokenSchema) {
        let error = #expect(throws: SchemaProblems.self) { try JSONSchema(broken.schema) }
        #expect(error?.problems.map(\.description) == broken.problems)
    }

    @Test("messages say what is wrong without quoting values")
    func messages() throws {
        let schema = try JSONSchema([
            "type": "object", "required": ["id"],
            "properties": [
                "name": ["type": "string", "maxLength": 3], "count": ["multipleOf": 0.5, "minimum": 1],
                "tags": ["uniqueItems": true, "maxItems": 1], "kind": ["enum": ["a", "b"]],
            ],
        ])
        let report = try schema.check([
            "name": "secret", "count": 0.3, "tags": ["secret", "secret"], "kind": "secret",
        ])
        #expect(
            report.violations.map(\.description) == [
                "(the whole): the member \"id\" is missing (/required)",
                "/count: it must be a multiple of 0.5 (/properties/count/multipleOf)",
                "/count: it must be at least 1 (/properties/count/minimum)",
                "/kind: it is none of the 2 values allowed (/properties/kind/enum)",
                "/name: it must have at most 3 characters, not 6 (/properties/name/maxLength)",
                "/tags: it must have at most 1 elements, not 2 (/properties/tags/maxItems)",
                "/tags: its elements 0 and 1 are equal (/properties/tags/uniqueItems)",
            ])
    }
}
