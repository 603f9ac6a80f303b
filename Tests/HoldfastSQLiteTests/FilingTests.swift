import GRDB
import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastSQLite

@Suite("Places of events")
struct FilingTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func open(filing events: Int64) async throws(StoreError) -> SQLiteStore {
        try await SQLiteStore(path: folder.database, options: StoreOptions(), filing: Filing(events: events))
    }

    /// Adds one step after the other to several runs in turn.
    private func addSteps(_ count: Int, to leases: [Lease], of store: SQLiteStore) async throws {
        for number in 0..<count {
            let lease = leases[number % leases.count]
            _ = try await store.commit(
                .appending(.step("s\(number)"), to: lease.history, token: lease.token, at: start))
        }
    }

    private func unfiled(_ store: SQLiteStore) throws -> Int64? {
        try store.integer("SELECT max(position) - (SELECT value FROM counter WHERE name = 'filed') FROM event")
    }

    @Test("a step costs a page, and now and then those before it are filed")
    func filing() async throws {
        let store = try await open(filing: 20)
        let leases = [try await store.createClaimed("a"), try await store.createClaimed("b")]
        for _ in 0..<30 {
            try await addSteps(1, to: leases, of: store)
            #expect(try unfiled(store) ?? 20 < 20)
            #expect(try store.integer("SELECT count(*) FROM place") ?? 0 > 0 || unfiled(store) ?? 0 > 4)
        }
        #expect(try store.integer("SELECT count(*) FROM place") == 20)
        #expect(try await store.maintain(MaintenanceRequest(check: true)).findings == [])
        try await store.close()
    }

    @Test("when much is written at once, more waits: a batch is not filed alone")
    func crowd() {
        let filing = Filing(events: 1000)
        #expect(filing.isDue(1000, justWritten: 1))
        #expect(!filing.isDue(999, justWritten: 1))
        #expect(!filing.isDue(1000, justWritten: 1000))
        #expect(filing.isDue(4000, justWritten: 1000))
    }

    @Test("a history is read whole, page by page, wherever its events are", arguments: [1, 2, 7, 100])
    func pages(_ limit: Int) async throws {
        let store = try await open(filing: 10)
        let leases = [
            try await store.createClaimed("a"), try await store.createClaimed("b"), try await store.createClaimed("c"),
        ]
        for _ in 0..<12 {
            try await addSteps(3, to: leases, of: store)
            for lease in leases {
                var read: [Int64] = []
                while let next = try await store.history(
                    HistoryQuery(lease.history, from: Int64(read.count + 1), limit: limit)
                ).elements.map(\.sequence).nonEmpty {
                    read += next
                }
                #expect(read == Array(1...(try await store.lastSequence(of: lease.history))))
            }
        }
        let task = TaskID(unchecked: "s0")
        #expect(
            try await store.history(HistoryQuery(leases[0].history, xcomTask: task)).elements.map(\.sequence)
                == Array(3...14))
        try await store.close()
    }

    @Test("who takes over finds the ends of histories and repeated changesets, filed or not")
    func takingOver() async throws {
        let first = try await open(filing: 10)
        let leases = [try await first.createClaimed("a"), try await first.createClaimed("b")]
        try await addSteps(3, to: leases, of: first)
        let step = Changeset.appending(
            .step("again"), to: leases[0].history, token: leases[0].token, lastKnown: 2, at: start)
        let receipt = try await first.commit(step)
        for round in 0..<20 {
            let second = try await open(filing: 10)
            #expect(try await second.commit(step) == receipt, "round \(round)")
            try await addSteps(1, to: leases, of: second)
            #expect(try await first.commit(step) == receipt, "round \(round)")
            try await addSteps(1, to: leases.reversed(), of: first)
            try await second.close()
        }
        #expect(try await first.lastSequence(of: leases[0].history) == 2 + 2 + 1 + 20)
        #expect(try await first.maintain(MaintenanceRequest(check: true)).findings == [])
        try await first.close()
    }

    @Test("requests are followed, page by page, wherever their rows are", arguments: [1, 2, 100])
    func requests(_ limit: Int) async throws {
        let store = try await open(filing: 10)
        let leases = [try await store.createClaimed("a"), try await store.createClaimed("b")]
        var made: [HistoryID] = []
        for number in 0..<30 {
            try await addSteps(2, to: leases, of: store)
            let history = leases[number % 2].history
            _ = try await store.commit(.appending(.signal("s\(number)"), to: history, at: start))
            made.append(history)
            var followed: [HistoryID] = []
            var query = FeedQuery(.beginning, requestsOnly: true, limit: limit)
            while case let page = try await store.feed(query), !page.entries.isEmpty {
                followed += page.entries.map(\.history)
                query.start = .after(page.next)
            }
            #expect(followed == made)
        }
        #expect(try store.integer("SELECT count(*) FROM request") ?? 0 > 20)
        #expect(try store.integer("SELECT count(*) FROM request") ?? 30 < 30)
        try await store.close()
    }

    @Test("a deleted history leaves nothing behind, filed or not")
    func deletion() async throws {
        let store = try await open(filing: 10)
        let leases = [try await store.createClaimed("a"), try await store.createClaimed("b")]
        for lease in leases { _ = try await store.commit(.appending(.signal("s"), to: lease.history, at: start)) }
        try await addSteps(12, to: leases, of: store)
        #expect(try unfiled(store) ?? 0 > 0)
        _ = try await store.commit(Changeset(deletions: [.init(leases[1].history, token: leases[1].token)]))
        #expect(try store.integer("SELECT count(*) FROM event") == 9)
        #expect(try store.integer("SELECT count(*) FROM place WHERE history = 2") == 0)
        #expect(try store.integer("SELECT count(*) FROM request") == 1)
        // Its row is taken by the next one.
        let next = try await store.createClaimed("c")
        #expect(try await store.lastSequence(of: next.history) == 2)
        #expect(try await store.maintain(MaintenanceRequest(check: true)).findings == [])
        try await store.close()
    }

    @Test(
        "the check finds places that are wrong",
        arguments: [
            ("UPDATE place SET task = 'other' WHERE sequence = 3", "2 events are not where it says"),
            ("DELETE FROM place WHERE history = 1 AND sequence = 1", "1 events are not where it says"),
            ("UPDATE place SET position = 1000 WHERE history = 1 AND sequence = 1", "missing"),
            ("INSERT INTO request (position) VALUES (1)", "of 1 events it does not say rightly"),
            ("DELETE FROM request", "of 2 events it does not say rightly"),
        ])
    func damage(_ damage: String, _ problem: String) async throws {
        let store = try await open(filing: 10)
        let leases = [try await store.createClaimed("a"), try await store.createClaimed("b")]
        for lease in leases { _ = try await store.commit(.appending(.signal("s"), to: lease.history, at: start)) }
        try await addSteps(12, to: leases, of: store)
        try store.execute(damage)
        let findings = try await store.maintain(MaintenanceRequest(check: true)).findings
        #expect(findings.contains { $0.problem.contains(problem) }, "\(findings)")
        try await store.close()
    }

    @Test("a store of the first version keeps its histories")
    func migration() async throws {
        let queue = try DatabaseQueue(path: folder.database)
        try await queue.write { database in
            try database.execute(sql: String(decoding: Schema.current.migrations[0], as: UTF8.self))
            try database.execute(
                sql: """
                    INSERT INTO tenant (id) VALUES ('default');
                    INSERT INTO history (tenant, kind, id, dag, trigger, logical_date, created_at, as_of, state, updated_at,
                        folded, pinned) VALUES (1, 0, 'a', 'etl', 'manual', 0, 0, 1, 'queued', 0, '{}', 0);
                    INSERT INTO tally (tenant, kind, dag, workspace, state, count) VALUES (1, 0, 'etl', '', 'queued', 1);
                    INSERT INTO event (position, history, sequence, time, body) VALUES
                        (1, 1, 1, 0, '{"type":"created","dag":"etl","logical_date":0}'),
                        (2, 1, 2, 0, '{"type":"pinned","pinned":true}');
                    PRAGMA application_id = \(Schema.applicationID);
                    PRAGMA user_version = 1;
                    """)
        }
        try queue.close()
        let store = try await open(filing: 10)
        let history = HistoryID.run(named: "a")
        _ = try await store.commit(.appending(.signal("s"), to: history, at: start))
        #expect(try await store.history(HistoryQuery(history)).elements.map(\.sequence) == [1, 2, 3])
        #expect(try await store.maintain(MaintenanceRequest(check: true)).findings == [])
        try await store.close()
    }
}

extension Array {
    fileprivate var nonEmpty: [Element]? { isEmpty ? nil : self }
}
