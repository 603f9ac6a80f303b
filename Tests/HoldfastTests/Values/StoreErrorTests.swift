import Foundation
import Holdfast
import Testing

@Suite("Errors and cursors")
struct StoreErrorTests {
    private struct Secretive: Error { let secret = "hunter2" }

    @Test("a description says code, subject and detail, never the cause")
    func description() {
        let error = StoreError(.corrupt, subject: "run a", detail: "event 3", cause: Secretive())
        #expect("\(error)" == "run a: damaged: event 3")
        #expect(String(reflecting: error) == "run a: damaged: event 3")
        #expect("\([error])" == "[run a: damaged: event 3]")
        #expect(error.cause is Secretive)
        #expect("\(StoreError(.notFound, subject: "run a"))" == "run a: not found")
        #expect("\(StoreError(StoreError.Code(rawValue: "odd_one"), subject: "x"))" == "x: odd_one")
        #expect(error == StoreError(.corrupt, subject: "run a", detail: "event 3"))
        #expect(error != StoreError(.corrupt, subject: "run a"))
    }

    @Test("a cursor gives its keys back to the query it was made for")
    func cursors() throws {
        let keys: [JSONValue] = [1, "run\"é", .null]
        let cursor = Cursor(fingerprint: ["q", 1], keys: keys)
        #expect(try Cursor(cursor.text).keys(fingerprint: ["q", 1], count: 3) == keys)
        for (fingerprint, count) in [(["q", 2], 3), (["q", 1], 2), (["q", "1"], 3)] as [(JSONValue, Int)] {
            let error = #expect(throws: StoreError.self) { try cursor.keys(fingerprint: fingerprint, count: count) }
            #expect(error?.code == .invalidCursor)
            #expect(error?.detail?.contains("another query") == true)
        }
    }

    @Test("the longest keys of records fit a cursor")
    func longCursor() throws {
        let text = JSONValue.string(String(repeating: "\"", count: Record.maximumKeySize))
        let cursor = Cursor(fingerprint: [], keys: [text, text])
        #expect(try cursor.keys(fingerprint: [], count: 2) == [text, text])
    }

    @Test("a cut, changed or invented cursor is refused")
    func forgedCursors() {
        let text = Cursor(fingerprint: ["q"], keys: [1]).text
        var forged = ["", "0", "zz", "5b5d", "6e756c6c", text + "00", "é", String(repeating: "5b", count: 9000)]
        forged += text.indices.map { String(text[..<$0]) }
        forged += text.indices.map { index in
            let other = text[index] == "0" ? "1" : "0"
            return text.replacingCharacters(in: index...index, with: other)
        }
        var survivors = 0
        for text in forged {
            do throws(StoreError) {
                // A changed digit of the keys themselves may still be a cursor: keys are no secret.
                if try Cursor(text).keys(fingerprint: ["q"], count: 1) != [1] { survivors += 1 }
            } catch {
                #expect(error.code == .invalidCursor)
            }
        }
        #expect(survivors < 4)
    }

    @Test("cursors of summary queries are bound to every filter")
    func fingerprints() throws {
        let base = SummaryQuery()
        var others: [SummaryQuery] = []
        func add(_ change: (inout SummaryQuery) throws -> Void) rethrows {
            var query = base
            try change(&query)
            others.append(query)
        }
        add { $0.kind = .process }
        add { $0.ids = [] }
        add { $0.idPrefix = "a" }
        add { $0.dag = DAGID("a") }
        add { $0.states = [.failed] }
        try add { $0.workspace = try WorkspaceID("a") }
        add { $0.labels = ["a": "b"] }
        try add { $0.parent = try RunID("a") }
        add { $0.since = Timestamp(milliseconds: -1) }
        add { $0.until = Timestamp(milliseconds: -1) }
        add { $0.order = .ended }
        add { $0.ascending = true }
        #expect(Set(others.map(\.fingerprint) + [base.fingerprint]).count == others.count + 1)
        var paged = base
        paged.limit = 3
        paged.cursor = Cursor("x")
        #expect(paged.fingerprint == base.fingerprint)
    }
}
