import Holdfast
import Testing

@testable import HoldfastEngine

@Suite("Masking secrets")
struct SecretMaskerTests {
    @Test(
        "each occurrence becomes ***, the longest match wins, overlapping ones leave nothing",
        arguments: [
            (["token"], "a token, token", "a ***, ***"), (["token"], "tokentoken", "******"),
            (["pass", "password"], "password pass passwor", "*** *** ***wor"), (["abcd", "cdef"], "xabcdefx", "x***x"),
            (["aaaa"], "baaaaaab", "b***b"), (["line1\nline2"], "<line1\nline2>", "<***>"), (["token"], "toke", "toke"),
            (["geheim-äöü"], "<geheim-äöü>", "<***>"), (["  padded\n"], "padded   padded\n", "*** ***"),
            (["abcdefgh", "cdef"], "abcdef cdef abcdefgh", "ab*** *** ***"), (["*****"], "******", "***"),
            ([], "any", "any"),
        ])
    func text(_ secrets: [String], _ text: String, _ masked: String) throws {
        #expect(try masker(secrets).mask(text) == masked)
    }

    @Test(
        "the forms that JSON writers give a secret are masked too",
        arguments: [
            #"{"k":"a\"b\\c"}"#, #"{"k":"a\"b\\c\/d"}"#, #"{"k":"gr\u00fc\u00dfe"}"#, #"{"k":"\ud83d\ude00smile"}"#,
            #"{"k":"one\ntwo\tthree"}"#, #"{"k":"bell\u0007"}"#, #"{"k":"back\bspace"}"#, #"{"k":"back\u0008space"}"#,
        ])
    func escaped(_ json: String) throws {
        let value = try JSONValue(parsing: json)
        let secret = try #require(value["k"]?.stringValue)
        #expect(try masker([secret]).mask(json) == #"{"k":"***"}"#)
    }

    @Test("however the bytes are cut, the masked ones are the same, and each piece is a prefix")
    func pieces() throws {
        let masker = try masker(["secret", "secretary", "multi\nline\nkey", "aaaa", "etary\nmu"])
        let text = Array("a secret secretary\nmulti\nline\nkey aaaaaaa secretsecretar multi\nline secre".utf8)
        let whole = masker.mask(String(decoding: text, as: UTF8.self))
        for size in 1...20 {
            var stream = MaskingStream(masker)
            var masked: [UInt8] = []
            for start in stride(from: 0, to: text.count, by: size) {
                masked += stream.feed(Array(text[start..<min(start + size, text.count)]))
                #expect(Array(whole.utf8).starts(with: masked))
            }
            masked += stream.finish()
            #expect(String(decoding: masked, as: UTF8.self) == whole, "in pieces of \(size)")
        }
        #expect(whole == "a *** *** *** ******ar multi\nline secre")
    }

    @Test("only what may become a secret is held back")
    func promptness() throws {
        var stream = MaskingStream(try masker(["secret"]))
        #expect(stream.feed(Array("all of this se".utf8)) == Array("all of this ".utf8))
        #expect(stream.feed(Array("nt".utf8)) == Array("sent".utf8))
    }

    @Test("JSON values are masked in strings, member names and numbers")
    func json() throws {
        let masker = try masker(["12345", "token"])
        let value: JSONValue = ["a-token": ["token", 112345, 1.5, true, .null, ["k": "x token"]]]
        #expect(masker.mask(value) == ["a-***": ["***", "1***", 1.5, true, .null, ["k": "x ***"]]])
        #expect(SecretMasker.none.mask(value) == value)
    }

    @Test("a value under 4 characters is refused by its name", arguments: ["", "abc", "äöü"])
    func short(_ value: String) throws {
        let error = try #require(throws: StoreError.self) {
            try SecretMasker(["API_TOKEN": value, "OTHER": "long enough"])
        }
        #expect(error.code == .invalid && error.description.contains("API_TOKEN"))
        #expect(value.isEmpty || !error.description.contains(value))
        #expect(try !SecretMasker(["API_TOKEN": "abcd"]).isEmpty)
    }

    @Test("secrets come from the environment; one that isn't set is named")
    func environment() throws {
        let masker = try SecretMasker(named: ["A"], in: ["A": "hidden", "B": "shown"])
        #expect(masker.mask("hidden shown") == "*** shown")
        let error = try #require(throws: StoreError.self) { try SecretMasker(named: ["A", "C"], in: ["A": "hidden"]) }
        #expect(error.description.contains("\"C\""))
    }

    @Test("a masker can be printed")
    func description() throws {
        let masker = try masker(["hidden"])
        var dumped = ""
        dump(masker, to: &dumped)
        #expect("\(masker)" == "SecretMasker(1 secrets)")
        #expect(!dumped.contains("hidden") && !dumped.contains("104"))
    }

    private func masker(_ secrets: [String]) throws -> SecretMasker {
        try SecretMasker(Dictionary(uniqueKeysWithValues: secrets.enumerated().map { ("S\($0)", $1) }))
    }
}
