import Foundation
import Holdfast
import HoldfastTesting
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    @Test(
        "writes compact canonical text",
        arguments: [
            (["b": 1, "a": [.null, true, 1.5], "A": "x", "": [:]], #"{"":{},"A":"x","a":[null,true,1.5],"b":1}"#),
            (1.0, "1.0"), (-0.0, "-0.0"), (1e300, "1e+300"), (.int(.min), "-9223372036854775808"), (0, "0"),
            ("a\"b\\c/\n\r\t\u{8}\u{0}\u{1F}\u{7F}é😀", #""a\"b\\c/\n\r\t\u0008\u0000\u001f"# + "\u{7F}é😀\""),
            ([[], [:], [[1]]], "[[],{},[[1]]]"), (.double(.nan), "null"), (.double(.infinity), "null"),
        ] as [(JSONValue, String)])
    func canonical(_ value: JSONValue, _ text: String) {
        #expect(value.compactText == text)
    }

    @Test("writes text for people")
    func pretty() throws {
        let value: JSONValue = ["a": [1, [:], []], "b": ["c": .null], "d": []]
        let text = """
            {
              "a": [
                1,
                {},
                []
              ],
              "b": {
                "c": null
              },
              "d": []
            }
            """
        #expect(value.prettyText == text)
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test("whatever is written is read back the same", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(_ seed: UInt64) throws {
        print("JSON round trip, seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let value = generator.json()
            let text = value.compactText
            let again = try JSONValue(parsing: text)
            #expect(again == value)
            #expect(again.compactText == text)
            #expect(try JSONValue(parsing: value.prettyText) == value)
            #expect(value.problem == nil)
        }
    }

    @Test("every double comes back bit by bit")
    func doubles() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let number = generator.double()
            guard case .double(let again) = try JSONValue(parsing: JSONValue.double(number).compactText) else {
                Issue.record("\(number) became something else")
                continue
            }
            #expect(again.bitPattern == number.bitPattern)
        }
    }

    @Test("equal objects have equal text, however they were made")
    func order() {
        let names = (0..<50).map { "key\($0)" }
        let one = JSONValue.object(Dictionary(uniqueKeysWithValues: names.map { ($0, .null) }))
        let other = JSONValue.object(Dictionary(uniqueKeysWithValues: names.reversed().map { ($0, .null) }))
        #expect(one.encoded() == other.encoded())
    }

    @Test("names what keeps a value from being written")
    func problems() {
        func nested(_ depth: Int, _ value: JSONValue) -> JSONValue {
            (0..<depth).reduce(value) { inner, level in level.isMultiple(of: 2) ? [inner] : ["a": inner] }
        }
        #expect(nested(512, 1).problem == nil)
        #expect(nested(511, []).problem == nil)
        #expect(nested(513, 1).problem == "nested deeper than 512")
        #expect(nested(512, []).problem == "nested deeper than 512")
        #expect(nested(3, .double(.nan)).problem == "a number is not finite")
        #expect(JSONValue.double(-.infinity).problem == "a number is not finite")
    }

    @Test("goes through Codable unchanged")
    func codable() throws {
        let value: JSONValue = ["a": [1, 2.5, "x", .null, true, ["b": []]], "big": .int(.max)]
        let data = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: data) == value)
    }

    @Test("quotes for messages: short, and nothing a terminal would obey")
    func quoting() {
        #expect(quoted("a\"b\\c") == #""a\"b\\c""#)
        #expect(quoted("\u{1B}[31m\u{9B}\u{7F}\u{202E}\n") == #""\u{1b}[31m\u{9b}\u{7f}\u{202e}\u{a}""#)
        #expect(quoted(String(repeating: "x", count: 80)).count == 82)
        let long = quoted("a" + String(repeating: "\u{301}", count: 100_000))
        #expect(long.unicodeScalars.count == 82 && long.hasSuffix("…\""))
    }
}
