import Holdfast
import HoldfastEngine
import Testing

@Suite("Conditions")
struct WhenTests {
    private func evaluate(_ text: String, _ params: [String: JSONValue] = [:]) throws -> Bool {
        var context = Sample.context
        context.params.merge(params) { _, new in new }
        return try WhenExpression(parsing: text, names: Sample.names).evaluate(in: context)
    }

    @Test(
        "are true",
        arguments: [
            "true", "1", "a", "'false '", "\"x\"", "{{ params.flag }}", "{{ params.list }}", "not false", "not not 1",
            "1 == 1.0", "1 == '1'", "'10' > 9", "'10' > '9'", "10 > 9", "b > a", "'a' < 'b'", "{{ params.n }} >= 7",
            "{{ params.date }} == 2026-01-01", "{{ params.date }} != 2026-01-02", "{{ params.date }} < 2026-02-01",
            "{{ params.nothing }} == null", "{{ params.nothing }} != 'null'", "{{ params.flag }} == true",
            "{{ params.flag }} == 'true'", "{{ params.list }} == {{ params.list }}", "{{ params.list }} != 1",
            "true or {{ xcom.extract.nope }}", "not (false and {{ xcom.extract.nope }})", "false or true and true",
            "true or true and false", "not false and true", "not 1 == 2", "(1 < 2) and (2 < 3 or x == y)", "1<2",
            "{{ params.n }}==7", "({{ params.n }})", "1e3 == 1000", "v1.10 != v1.9", "eu-west-1 == eu-west-1", "-1 < 0",
            "x == 'x'", "'{{ params.date }}' != {{ params.date }}", "9223372036854775807 > 9223372036854775806",
            "'é' == \"\\u00e9\"", "{{ xcom.extract.return_value.rows[0].id }} == 5", "and_more == and_more",
        ])
    func areTrue(_ text: String) throws {
        #expect(try evaluate(text))
    }

    @Test(
        "are false",
        arguments: [
            "false", "null", "0", "0.0", "''", "'0'", "'false'", "{{ params.nothing }}", "not true", "1 == 2", "a == b",
            "'1' != 1", "null == 0", "null == ''", "null == false", "true == 1", "10 < 9", "'10' < '9'", "b < a",
            "true and false", "false or false", "true and not true", "(true or true) and false", "1.9 < 1.10",
        ])
    func areFalse(_ text: String) throws {
        #expect(try !evaluate(text))
    }

    @Test("empty lists and maps are false")
    func emptyCollections() throws {
        #expect(try !evaluate("{{ params.list }}", ["list": []]))
        #expect(try !evaluate("{{ params.list }}", ["list": [:]]))
    }

    @Test("a value that looks like an expression stays one operand")
    func noSplicing() throws {
        #expect(try evaluate("{{ params.date }} == 'x'", ["date": "1 == 1 or true"]) == false)
        #expect(try evaluate("{{ params.date }} == '1 == 1'", ["date": "1 == 1"]))
        #expect(try evaluate("not {{ params.date }} == a", ["date": "false) or (true"]))
    }

    @Test(
        "what has no order can't be compared",
        arguments: [
            ("{{ params.list }} < 1", "< can't compare a list with a number"),
            ("{{ params.nothing }} >= 1", ">= can't compare null with a number"),
            ("true > false", "> can't compare a boolean with a boolean"),
            ("a <= {{ params[\"x\"] }}", "<= can't compare text with a map"),
        ])
    func notComparable(_ text: String, _ reason: String) {
        #expect(throws: TemplateError.notComparable(reason)) { try evaluate(text) }
    }

    @Test("a number and a text that is none compare as texts")
    func mixedOrder() throws {
        #expect(try evaluate("10 < 9a"))
        #expect(try evaluate("v2 > 3"))
    }

    @Test("a missing value is an error, one that is not loaded is asked for")
    func missing() {
        #expect(throws: TemplateError.missing(path: "xcom.extract.nope", reason: "task \"extract\" left no \"nope\"")) {
            try evaluate("{{ xcom.extract.nope }} == 1")
        }
        let big = XComReference(task: TaskID(unchecked: "big"), key: "k")
        #expect(throws: TemplateError.notLoaded([big])) { try evaluate("{{ xcom.big.k }} == 1") }
    }

    @Test("100 parentheses and a chain of 10,000 operands are taken, 10,000 parentheses or nots are refused")
    func depth() throws {
        func nested(_ count: Int) -> String {
            String(repeating: "(", count: count) + "true" + String(repeating: ")", count: count)
        }
        #expect(try evaluate(nested(99)))
        #expect(try evaluate(String(repeating: "true and ", count: 10_000) + "true"))
        #expect(throws: TemplateError.invalid(offset: 100, reason: "nested more than 100 deep; simplify the condition"))
        {
            try evaluate(nested(10_000))
        }
        #expect(throws: TemplateError.self) { try evaluate(String(repeating: "not ", count: 10_000) + "true") }
    }
}
