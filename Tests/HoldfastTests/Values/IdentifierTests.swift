import Foundation
import Holdfast
import Testing

@Suite("Identifiers, artifact keys and digests")
struct IdentifierTests {
    static let refused = [
        "", ".", "..", "../a", "a/b", "/a", "a\\b", ".hidden", "-a", "_a", " a", "a ", "a b", "a\n", "a\u{0}",
        "\u{1B}[0m",
        "ä", "a\u{301}", "ａ", "٣", "a😀", "a:b", "a*", "a?", "a'b", "a\"b", "a;b", "a%b", "a,b", "~", "a\u{7F}",
        String(repeating: "a", count: 129),
    ]

    @Test("refuses every other text, naming it and the rule", arguments: refused)
    func refusals(_ text: String) {
        #expect(RunID(rawValue: text) == nil)
        let error = #expect(throws: StoreError.self) { try RunID(text) }
        #expect(error?.code == .invalid)
        #expect(error?.subject == "run id \(quoted(text))")
        #expect(error?.detail?.contains("begin with a letter or a digit") == true)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([RunID].self, from: JSONEncoder().encode([text]))
        }
    }

    @Test(
        "accepts the stated characters and length",
        arguments: ["a", "9", "A.b_c-1", "a..b", String(repeating: "z", count: 128)])
    func accepts(_ text: String) throws {
        let id = try TaskID(text)
        #expect(id.rawValue == text && id.description == text)
        #expect(try JSONDecoder().decode([TaskID].self, from: JSONEncoder().encode([id])) == [id])
    }

    @Test("random run ids and tokens are valid and differ")
    func random() {
        let generator = RandomIDGenerator()
        let ids = (0..<200).map { _ in generator.runID() }
        #expect(Set(ids).count == 200 && ids.allSatisfy { RunID.isValid($0.rawValue) && $0.rawValue.count == 16 })
        #expect(generator.token().utf8.count == 32 && generator.token() != generator.token())
    }

    @Test(
        "artifact keys: segments are ids",
        arguments: [
            ("a", true), ("a/b/c.txt", true), ("a//b", false), ("/a", false), ("a/", false), ("a/../b", false),
            ("a/./b", false),
            ("a/.b", false), ("", false), (Array(repeating: "a", count: 32).joined(separator: "/"), true),
            (Array(repeating: "a", count: 33).joined(separator: "/"), false),
            (Array(repeating: String(repeating: "a", count: 127), count: 8).joined(separator: "/"), true),
            (Array(repeating: String(repeating: "a", count: 127), count: 8).joined(separator: "/") + "/ab", false),
            (String(repeating: "a", count: 129) + "/b", false),
        ])
    func artifactKeys(_ text: String, _ isValid: Bool) {
        #expect((ArtifactKey(rawValue: text) != nil) == isValid)
    }

    @Test(
        "a key that is a folder of another clashes, in either order",
        arguments: [
            ("a", "a/b", true), ("a", "a/b/c", true), ("a/b", "a/b/c", true), ("a", "ab", false),
            ("a/b", "a/bc", false),
            ("a", "a", false), ("a/b", "a/c", false), ("a.b", "a/b", false), ("b", "a/b", false),
        ])
    func clashes(_ one: String, _ other: String, _ clash: Bool) throws {
        let (one, other) = (try ArtifactKey(one), try ArtifactKey(other))
        #expect(one.clashes(with: other) == clash)
        #expect(other.clashes(with: one) == clash)
    }

    @Test("digests are SHA-256 in lowercase hexadecimal")
    func digests() throws {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(Digest(of: []).hexadecimal == empty)
        #expect(
            Digest(of: "abc".utf8).hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest(hexadecimal: empty) == Digest(of: []))
        for text in [
            "", empty.uppercased(), String(empty.dropLast()), empty + "0", "g" + empty.dropFirst(),
            "../" + empty.dropFirst(3),
        ] {
            #expect(Digest(hexadecimal: text) == nil)
        }
        let data = try JSONEncoder().encode([Digest(of: [])])
        #expect(String(decoding: data, as: UTF8.self) == "[\"\(empty)\"]")
        #expect(try JSONDecoder().decode([Digest].self, from: data) == [Digest(of: [])])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Digest].self, from: Data(#"["x"]"#.utf8)) }
    }

    @Test("instances and histories are ordered by name and index")
    func order() throws {
        let (one, two) = (TaskID("a"), TaskID("b"))
        let sorted = [InstanceID(one), InstanceID(one, mapIndex: 0), InstanceID(one, mapIndex: 10), InstanceID(two)]
        #expect(sorted.reversed().sorted() == sorted)
        #expect(sorted.map(\.description) == ["a", "a[0]", "a[10]", "b"])
        #expect(HistoryID.process(try ProcessID("z")) < HistoryID.run(try RunID("a")))
        #expect(throws: StoreError.self) { try HistoryID(kind: .run, id: "..") }
    }
}
