import Holdfast
import HoldfastTesting
import Testing

@Suite("JSON parser")
struct JSONParserTests {
    static let accepted: [(String, JSONValue)] = [
        ("null", .null), ("true", true), ("false", false), (" \t\r\n1 \n", 1), ("[]", []), ("{}", [:]), ("[ ]", []),
        ("{ }", [:]),
        ("[1,2 , 3]", [1, 2, 3]), (#"{"a":{"b":[null]}}"#, ["a": ["b": [.null]]]), (#"{"":0}"#, ["": 0]),
        (#""""#, ""), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u00E9""#, "Aéé"),
        (#""\u0000""#, "\u{0}"), (#""\ud83d\ude00""#, "😀"), (#""x\uDBFF\uDFFFy""#, "x\u{10FFFF}y"), ("\"é€😀\"", "é€😀"),
        ("\"\u{7F}\u{2028}\"", "\u{7F}\u{2028}"), ("0", 0), ("-0", 0), ("-1", -1), ("0.5", 0.5), ("-0.25e+2", -25.0),
        ("1E2", 100.0), ("1e-2", 0.01), ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
        ("1.0", 1.0), ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
        ("5e-324", .double(.leastNonzeroMagnitude)), ("9007199254740993.0", 9_007_199_254_740_992.0),
    ]

    @Test("accepts what RFC 8259 allows", arguments: accepted)
    func accepts(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    static let refused: [(String, Int)] = [
        ("", 0), (" ", 1), ("nul", 0), ("nulll", 4), ("True", 0), ("NaN", 0), ("Infinity", 0), ("-Infinity", 0),
        ("+1", 0),
        ("01", 0), ("-01", 0), ("00", 0), ("1.", 2), (".5", 0), ("1e", 2), ("1e+", 3), ("-", 0), ("0x10", 1),
        ("1_000", 1),
        ("1 2", 2), ("[", 1), ("[1", 2), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("]", 0), ("{", 1), ("{\"a\"}", 4),
        ("{\"a\":}", 5), ("{\"a\":1,}", 7), ("{a:1}", 1), ("{1:1}", 1), ("{\"a\":1 \"b\":2}", 7), ("}", 0),
        ("{\"a\":1,\"a\":2}", 7), ("{\"a\":1,\"\\u0061\":2}", 7), ("{\"\u{E9}\":1,\"e\u{301}\":2}", 8), ("\"", 1),
        ("\"a", 2),
        ("\"\\", 2), ("\"\\x\"", 1), ("\"\\u12\"", 5), ("\"\\u12G4\"", 5), ("\"\n\"", 1), ("\"a\tb\"", 2),
        ("\"a\u{0}\"", 2),
        ("'a'", 0), ("\"\\ud83d\"", 1), ("\"\\ud83d\\n\"", 1), ("\"\\ud83d\\u0041\"", 1), ("\"\\ude00\"", 1),
        ("\"\\ud83d\\ud83d\"", 1), ("// c\n1", 0), ("[1]]", 3), ("\u{FEFF}1", 0), ("9223372036854775808", 0),
        ("-9223372036854775809", 0), ("1e309", 0), ("[-1e999]", 1),
    ]

    @Test("refuses everything else, and says where", arguments: refused)
    func refuses(_ text: String, _ offset: Int) {
        let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
        #expect(error?.offset == offset, "\(error?.description ?? "")")
    }

    @Test(
        "refuses invalid UTF-8",
        arguments: [
            [0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80],
            [0x5C, 0x6E, 0xFF],
        ] as [[UInt8]])
    func invalidUTF8(_ inner: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: [quote] + inner + [quote]) }
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: inner) }
    }

    @Test("allows the stated depth and refuses more, however much more", arguments: ["[", "{\"a\":"])
    func depth(_ opening: String) throws {
        let closing = opening == "[" ? "]" : "}"
        func nested(_ depth: Int, _ inner: String) -> String {
            String(repeating: opening, count: depth) + inner + String(repeating: closing, count: depth)
        }
        #expect(JSONValue.maximumDepth == 512)
        let deepest = nested(512, "1")
        #expect(try JSONValue(parsing: deepest).compactText == deepest)
        let empty = opening == "[" ? "[]" : "{}"
        #expect(throws: Never.self) { try JSONValue(parsing: nested(511, empty)) }
        for tooDeep in [nested(513, "1"), nested(512, empty), String(repeating: opening, count: 1_000_000)] {
            let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: tooDeep) }
            #expect(error?.reason == "nested too deeply")
        }
    }

    @Test("siblings do not use up the depth")
    func siblings() throws {
        let text = "[" + Array(repeating: "[[]]", count: 2000).joined(separator: ",") + "]"
        #expect(try JSONValue(parsing: text).arrayValue?.count == 2000)
    }

    @Test("no cut or changed text crashes the parser")
    func damage() throws {
        var generator = SeededGenerator(seed: 7)
        let bytes = Array(#"{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00",null,true],"b":{"c":{}}}"#.utf8)
        var parsed = 0
        for length in bytes.indices where (try? JSONValue(parsing: Array(bytes[..<length]))) != nil { parsed += 1 }
        #expect(parsed == 0)
        for _ in 0..<5000 {
            var changed = bytes
            for _ in 0...generator.below(3) {
                changed[generator.below(changed.count)] = UInt8(truncatingIfNeeded: generator.next())
            }
            guard let value = try? JSONValue(parsing: changed) else { continue }
            #expect(try JSONValue(parsing: value.encoded()) == value)
        }
    }
}
