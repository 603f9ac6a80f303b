import GRDB
import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastSQLite

@Suite("Query plans")
struct PlanTests {
    private static let filters: [(name: String, set: @Sendable (inout SummaryQuery) -> Void)] = [
        ("dag", { $0.dag = DAGID(unchecked: "etl") }), ("state", { $0.states = [.failed] }),
        ("states", { $0.states = [.failed, .running, .interrupted] }),
        ("workspace", { $0.workspace = WorkspaceID(unchecked: "w") }), ("label", { $0.labels = ["a": "b"] }),
        ("parent", { $0.parent = RunID(unchecked: "p") }), ("since", { $0.since = start }),
        ("until", { $0.until = start }),
    ]

    /// Every combination of filters, in every order and direction.
    private static let queries: [SummaryQuery] = (0..<1 << filters.count).flatMap { combination in
        SummaryQuery.Order.allCases.flatMap { order in
            [false, true].map { ascending in
                var query = SummaryQuery(order: order, ascending: ascending)
                for (index, filter) in filters.enumerated() where combination & 1 << index != 0 { filter.set(&query) }
                return query
            }
        }
    }

    private func plan(_ database: Database, _ sql: String) throws -> [String] {
        try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + sql, arguments: StatementArguments()).map {
            $0["detail"]
        }
    }

    private func expectSearches(_ plan: [String], _ sql: String) {
        #expect(!plan.isEmpty)
        for step in plan {
            #expect(step.hasPrefix("SEARCH "), "\(step) in \(sql)")
        }
    }

    @Test("every filter in every order is a search in one index, without sorting")
    func listings() async throws {
        let folder = try TemporaryFolder()
        let store = try await open(folder.database)
        let liveness = LivenessSnapshot(dead: [1, 2])
        var texts: Set<String> = []
        for query in Self.queries {
            for range in ListingRange.ranges(of: query, liveness) {
                #expect(range.exists(in: query.order), "\(range) by \(query.order)")
                texts.insert(range.sql(query.order, ascending: query.ascending))
            }
        }
        #expect(texts.count == 2 * (6 + 2 * 2))
        let found = texts
        try await store.pool.read { database in
            for sql in found { expectSearches(try plan(database, withoutParameters(sql)), sql) }
        }
        try await store.close()
    }

    @Test("records are read by an index, without sorting")
    func records() async throws {
        let folder = try TemporaryFolder()
        let store = try await open(folder.database)
        let selections: [RecordQuery.Selection] = [
            .keyPrefix(""), .keyPrefix("a"), .key("a"), .orderKeys(from: nil, to: nil), .orderKeys(from: "a", to: "b"),
        ]
        try await store.pool.read { database in
            for selection in selections {
                for descending in [false, true] {
                    let first = RecordQuery(kind: "doc", selection, descending: descending)
                    var next = first
                    next.cursor = Cursor(fingerprint: first.fingerprint, keys: ["a", "a"])
                    for query in [first, next] {
                        let sql = try RecordScan(query).sql
                        expectSearches(try plan(database, withoutParameters(sql)), sql)
                    }
                }
            }
        }
        try await store.close()
    }

    /// GRDB wants a value for each parameter.
    private func withoutParameters(_ sql: String) -> String {
        sql.replacing(/\?\d+/) { _ in "'1'" }
    }

    @Test("work on one run looks at no other, however many there are")
    func searchesOnly() async throws {
        let folder = try TemporaryFolder()
        let store = try await open(folder.database)
        let lease = try await store.createClaimed("a")
        for number in 0..<3 { try await store.create("other-\(number)") }
        let log = StatementLog()
        store.onWriter { $0.trace { log.add("\($0)") } }
        _ = try await store.commit(
            .appending(.step("s"), to: lease.history, token: lease.token, lastKnown: lease.sequence, at: start))
        _ = try await store.renew(RenewRequest(worker: .sample(), held: [lease.history: lease.token]))
        _ = try await store.commit(
            Changeset(
                summaries: [
                    .update(
                        SummaryUpdate(
                            lease.history, folded: Summary.Folded(asOf: 3, state: .failed, updatedAt: start),
                            token: lease.token, metadata: ["a": 1]))
                ], records: [.put(Record(kind: "doc", key: "k", body: 1), expectedVersion: 0)]))
        _ = try await store.commit(Changeset(deletions: [.init(lease.history, token: lease.token)]))
        store.onWriter { $0.trace(options: []) }
        let statements = log.texts.filter { $0.contains("WHERE") }
        #expect(statements.count > 8)
        try await store.pool.read { database in
            for sql in statements {
                // `step` is the table that the search for holders builds itself.
                let scans = try plan(database, withoutParameters(sql)).filter {
                    $0.hasPrefix("SCAN ") && $0 != "SCAN step" && $0 != "SCAN CONSTANT ROW"
                }
                #expect(scans.isEmpty, "\(scans) in \(sql)")
            }
        }
        try await store.close()
    }
}
