import Holdfast
import Testing

@Suite("JSON Schema: patterns")
struct PatternTests {
    private func problem(with pattern: String) throws -> String? {
        do {
            _ = try JSONSchema(["pattern": .string(pattern)])
            return nil
        } catch {
            #expect(error.problems.count == 1)
            return error.problems.first?.message
        }
    }

    @Test(
        "a pattern whose shape can run away is refused",
        arguments: [
            "(a+)+", "(a*)*", "^(a+)+$", "(a|a)*", "(a|aa)+", "(a|a?)+", "(\\w+\\s?)+", "(.*,)*", "(.*a){20}",
            "([a-z]+)*[0-9]", "(x+x+)+y", "(a+b?)+", "((a+))+", "(?:a+){2,}", "([a-zA-Z]+)*", "(a|b|ab)*c",
            "(.*)*", "(\\d|[0-9])+", "(?=(a+)+)x", "(a{1,3})*", "(\"[^\"]*\"\\s*,?\\s*)*", "([\\s\\S]+)+?", "(a?)*",
            "(|a)+", "(a||b)*", "(\\p{L}+x)*", "((a|b)*c?)*", "(.+?,)+", "^(([a-z])+.)+[A-Z]([a-z])+$",
            "^(?:(?:\\w+)\\.?)+@",
        ])
    func runaway(_ pattern: String) throws {
        #expect(try problem(with: pattern)?.contains("could run away") == true)
    }

    @Test(
        "a pattern that repeats without ambiguity is taken",
        arguments: [
            "^[a-z]+(-[a-z]+)*$", "(\\w+\\.)+\\w+", "^\\s*(.*?)\\s*$", "(a|b)*", "(foo|bar)+", "([0-9a-f]{2}:){5}",
            "([0-9a-f]{2}:)*", "^(\\d{1,3}\\.){3}\\d{1,3}$", "(?:[^\"\\\\]|\\\\.)*", "(\"[^\"]*\",)*", "a*a*a*",
            "(a+){1,3}", "(ab?c)*", "^(?!.*\\.\\.)[a-z.]+$", "([^,]*,)*[^,]*", "(?:/[^/]+)*/?", "(a{3})*", "(a{3}b)+",
            "^$", "", "(\\p{Lu}\\p{Ll}*)*", "^(https?|ftp)://[^\\s/$.?#].[^\\s]*$", "[]", "[^]", "\\-\\_\\/\\\"",
        ])
    func takes(_ pattern: String) throws {
        #expect(try problem(with: pattern) == nil)
    }

    @Test(
        "what is no pattern, or is not supported, is refused with its place",
        arguments: [
            ("(a", "a ( without its ), at character 1"), ("a)", "a ) without its (, at character 2"),
            ("[a", "a [ without its ], at character 1"), ("*a", "a * with nothing to repeat, at character 1"),
            ("a**", "a * with nothing to repeat, at character 3"), ("a{2,1}", "in the wrong order, at character 2"),
            ("[z-a]", "in the wrong order, at character 2"), ("(a)\\1", "references back to a group"),
            ("(?<n>a)\\k<n>", "references back to a group"), ("\\q", "\\q is no escape, at character 1"),
            ("\\u{110000}", "names no Unicode character"), ("\\uD800", "names no Unicode character"),
            ("\\x4", "lacks hexadecimal digits"), ("\\c1", "\\c needs a letter"),
            ("\\p{Script=Greek}", "not supported"),
            ("\\p{Nope}", "not supported"), ("\\pL", "in braces"), ("(?i:a)", "this kind of group"),
            ("\\", "backslash"),
            ("^*", "an assertion can't be repeated"), ("{2}", "a {} with nothing to repeat"),
            ("[\\d-z]", "from one character to another"), ("(?<1a>x", "a ( without its )"),
            ("(?<>a)", "name of a group"),
            ("a{9999}", "more than 5000 states"), ("(((a{50}){50}){50}){50}", "more than 5000 states"),
            ("(((){999999}){9}){9}", "may be empty"), ("(((((a{0}){10}){10}){10}){10}){10}", "more than 5000 states"),
        ])
    func refused(_ pattern: String, _ reason: String) throws {
        let problem = try problem(with: pattern)
        #expect(problem?.contains(reason) == true, "\(problem ?? "it was taken")")
    }

    @Test("groups nested too deeply and texts too long are refused")
    func sizes() throws {
        #expect(try problem(with: String(repeating: "(", count: 100)) != nil)
        #expect(try problem(with: String(repeating: "a", count: 10_001)) != nil)
    }

    @Test("the time a match takes goes by the length of the text, whatever the pattern")
    func isLinear() throws {
        let text = String(repeating: "a", count: 2000)
        let schema = try JSONSchema(["pattern": "^a*a*a*a*a*a*(?=a*a*c)a*b$"])
        #expect(try schema.check(.string(text)).isValid == false)
    }

    @Test("a long text and a large pattern together end in an error when they take too many steps")
    func work() throws {
        let schema = try JSONSchema(["pattern": "(a?b?){0,10}a{2000}b"])
        let error = #expect(throws: StoreError.self) {
            try schema.check(.string(String(repeating: "a", count: 20_000)), limit: 100, work: 1_000_000)
        }
        #expect(error?.code == .tooLarge)
    }
}
