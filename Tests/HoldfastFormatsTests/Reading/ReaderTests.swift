import Foundation
import Holdfast
import Testing

@testable import HoldfastFormats

@Suite("Reading sources")
struct ReaderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(_ text: String) throws -> SourceFile {
        try folder.write(text, to: "file")
        return try SourceFile(folder.path + "/file")
    }

    // MARK: Lines

    @Test("lines are numbered, end in LF or CRLF, and may be longer than a piece of the file")
    func lines() throws {
        let long = String(repeating: "x", count: 600_000)
        var reader = LineReader(try file("a\r\n\n\(long)\nlast"))
        var lines: [LineReader.Line] = []
        while let line = try reader.next() { lines.append(line) }
        #expect(lines.map(\.number) == [1, 2, 3, 4] && lines.map(\.isLast) == [false, false, false, true])
        #expect(lines.compactMap(\.bytes).map(\.count) == [1, 0, 600_000, 4])
    }

    // MARK: Elements

    private func elements(_ text: String) throws -> [(line: Int, text: String)] {
        var reader = try ElementReader(try file(text))
        var elements: [(Int, String)] = []
        while let element = try reader.next() {
            elements.append((element.line, String(decoding: element.bytes ?? [], as: UTF8.self)))
        }
        return elements
    }

    @Test("the elements of an array come one by one, with their lines")
    func elements() throws {
        let found = try elements("[\n  {\"a\": \"]},\\\"\"},\n  [1, [2]],\n 17, \"x\"\n]\n")
        #expect(found.map(\.line) == [2, 3, 4, 4])
        #expect(found.map(\.text) == ["{\"a\": \"]},\\\"\"}", "[1, [2]]", "17", "\"x\"\n"])
    }

    @Test("an array without elements has none, one that is cut off ends in an empty one")
    func edges() throws {
        #expect(try elements(" [ ] ").isEmpty)
        #expect(try elements("[{\"a\": 1},").map(\.text) == ["{\"a\": 1}", ""])
        #expect(try elements("[{\"a\": 1}, {\"b\"").map(\.text) == ["{\"a\": 1}", "{\"b\""])
        #expect(throws: Refusal.self) { try elements("{}") }
    }

    @Test("a torn element does not take the next one with it", arguments: ["\"torn", "{\"x\": [", "[["])
    func torn(_ piece: String) throws {
        let found = try elements("[\n  {\"a\": 1},\n  {\"b\": \(piece)\n  {\"c\": 3},\n  {\"d\": 4}\n]\n")
        #expect(found.map(\.line).contains(3))
        #expect(
            found.suffix(2).map(\.text).map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } == [
                "{\"c\": 3}", "{\"d\": 4}",
            ])
    }

    // MARK: Files

    @Test("links and pipes in a source are not read")
    func kinds() throws {
        try folder.write("{}", to: "real.json")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link.json", withDestinationPath: folder.path + "/real.json")
        #expect(mkfifo(folder.path + "/pipe.json", 0o600) == 0)
        for name in ["link.json", "pipe.json"] {
            #expect(throws: Refusal.self) { try SourceFile("\(folder.path)/\(name)") }
        }
        #expect(try SourceFile(folder.path + "/link.json", followsLink: true).contents().count == 2)
    }

    // MARK: Places

    @Test("the line of a value inside a document is found")
    func locator() {
        let text = "{\n \"a\": [1,\n  {\"b\\\"\": 1,\n   \"c\": \"}\"}\n ],\n \"d\": 4\n}"
        func line(_ path: JSONStep...) -> Int { JSONLocator.line(of: path, in: Array(text.utf8)) }
        #expect(line() == 1 && line(.member("a")) == 2 && line(.member("a"), .element(1)) == 3)
        #expect(line(.member("a"), .element(1), .member("c")) == 4 && line(.member("d")) == 6)
        #expect(line(.member("a"), .element(7)) == 2 && line(.member("nowhere")) == 1)
    }
}

@Suite("Ids and times of other systems")
struct ForeignValueTests {
    @Test("valid ids stay; others become valid ones, different for different texts")
    func ids() {
        #expect((ForeignID.derive("a.b-C_1") as RunID).rawValue == "a.b-C_1")
        let texts = [
            "../../etc/passwd", "..", "a/b", "a b", "", "ä", "_x", String(repeating: "k", count: 500), "a_b c",
        ]
        let ids = texts.map { ForeignID.derive($0) as RunID }
        #expect(ids.allSatisfy { RunID.isValid($0.rawValue) } && Set(ids).count == texts.count)
    }

    @Test("a name with an index is an instance of a mapped task, other brackets are part of a task's id")
    func instances() {
        let mapped = ForeignID.instance("load[12]")
        #expect(mapped.task.rawValue == "load" && mapped.mapIndex == 12 && mapped.description == "load[12]")
        for name in ["load", "load[]", "load[-1]", "load[03]", "load[x]", "[1]", "a b[1]", "a[1][2]", "load[1] "] {
            #expect(ForeignID.instance(name) == InstanceID(ForeignID.derive(name)), "\(name)")
        }
    }

    @Test(
        "times: offsets, naive local ones in winter and in summer, nanoseconds, unset",
        arguments: [
            ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00.000Z"),
            ("2026-01-01T10:00:00+02:00", "2026-01-01T08:00:00.000Z"),
            ("2026-01-01T10:00:00", "2026-01-01T09:00:00.000Z"),
            ("2026-07-01 10:00:00.123456", "2026-07-01T08:00:00.123Z"),
            ("2026-01-01T10:00:00.999999999-05:00", "2026-01-01T15:00:00.999Z"),
            ("2026-03-29T01:59:59", "2026-03-29T00:59:59.000Z"),
            ("2026-03-29T03:00:00", "2026-03-29T01:00:00.000Z"), ("0001-01-01T00:00:00Z", "unset"),
            ("0001-01-01T00:00:00", "unset"), ("yesterday", "invalid"), ("2026-02-30T00:00:00Z", "invalid"),
            ("", "invalid"),
        ])
    func times(_ text: String, _ expected: String) throws {
        let times = SourceTimes(zone: try #require(TimeZone(identifier: "Europe/Berlin")))
        let found =
            switch times.read(text) {
            case .moment(let time): time.description
            case .unset: "unset"
            case .invalid: "invalid"
            }
        #expect(found == expected)
    }

    @Test("an id that was seen is never taken for a new one")
    func filter() {
        var filter = IDFilter()
        for number in 0..<10_000 { _ = filter.insert("run-\(number)") }
        let wasKnown = (0..<10_000).allSatisfy { filter.insert("run-\($0)") }
        #expect(wasKnown)
    }
}

@Suite("What remains of a record")
struct RemainderTests {
    private static let pairs: [(JSONValue, JSONValue)] = [
        (["a": 1, "b": 2], ["a": 1, "c": 3]), ([1, 2, 3], [1, 2]),
        (["x": ["y": [1, ["z": "2"]]]], ["x": ["y": [1, ["z": 2]]]]),
        (17, "17"), (["a": .null], [:]), ([:], ["a": [1]]), ([["a": 1], ["b": 2]], [["a": 2], ["b": 2]]),
        (.null, ["a": 1]),
        (["fields": ["value": 1], "value": 2], ["value": ["fields": 3]]), ([[]], [[1]]), (["1": 2], [2]),
    ]

    @Test("with it, what was written is the original again", arguments: pairs)
    func exact(_ original: JSONValue, _ written: JSONValue) throws {
        let remainder = try #require(Remainder.of(original, writtenAs: written))
        #expect(Remainder.apply(remainder, to: written, from: written) == original)
        #expect(Remainder.of(original, writtenAs: original) == nil)
    }

    @Test("what has changed since is kept, what has not is the original")
    func changed() throws {
        let original: JSONValue = ["state": "removed", "owner": "ann", "tasks": [["state": "odd", "n": "1"]]]
        let base: JSONValue = ["state": "skipped", "tasks": [["state": "pending", "n": 1]]]
        let current: JSONValue = ["state": "success", "tasks": [["state": "pending", "n": 1], ["n": 2]]]
        let remainder = try #require(Remainder.of(original, writtenAs: base))
        #expect(
            Remainder.apply(remainder, to: current, from: base) == [
                "state": "success", "owner": "ann", "tasks": [["state": "odd", "n": "1"], ["n": 2]],
            ])
    }
}
