import Foundation
import Holdfast
import HoldfastFiles
import HoldfastTesting
import Testing

@Suite("Compaction of the files store")
struct CompactionTests {
    let folder: TemporaryFolder
    let clock = ManualClock()

    init() throws { folder = try TemporaryFolder() }

    private func open() async throws -> FilesStore {
        try await FilesStore(path: folder.path + "/store", options: StoreOptions(clock: clock))
    }

    /// What a reader sees, but for the feed.
    private func contents(_ store: FilesStore) async throws -> Contents {
        var contents = Contents(
            runs: try await store.summaries(SummaryQuery(limit: 1000)).elements,
            byEnd: try await store.summaries(SummaryQuery(order: .ended, limit: 1000)).elements.map(\.id),
            byDuration: try await store.summaries(SummaryQuery(order: .duration, limit: 1000)).elements.map(\.id),
            records: try await store.records(RecordQuery(kind: "doc", limit: 1000)).elements,
            counts: Set(try await store.counts(CountQuery())))
        for run in contents.runs {
            contents.events[run.id] = try await store.history(HistoryQuery(run.id)).elements
        }
        return contents
    }

    private struct Contents: Equatable {
        var runs: [Summary]
        var byEnd: [HistoryID]
        var byDuration: [HistoryID]
        var records: [Record]
        var counts: Set<Count>
        var events: [HistoryID: [Event]] = [:]
    }

    private func create(_ id: String, _ store: FilesStore, labels: [String: String] = [:]) async throws {
        let created = RunCreated.sample(labels: labels, at: clock.now())
        _ = try await store.commit(.creating(.run(named: id), created, at: clock.now()))
        clock.advance(by: .milliseconds(7))
    }

    private func claim(_ id: String, _ store: FilesStore) async throws -> Lease {
        let request = ClaimRequest(worker: .sample(), target: .histories([.run(named: id)]), time: clock.now())
        return try #require(try await store.claim(request).first)
    }

    /// A run with some steps.
    private func run(_ id: String, _ store: FilesStore, steps: Int = 3, finishes: Bool = true) async throws {
        try await create(id, store, labels: ["half": id.hasSuffix("1") ? "odd" : "even"])
        let lease = try await claim(id, store)
        var columns = Summary.Folded(
            asOf: 0, state: .running, updatedAt: clock.now(), startedAt: clock.now(), params: ["x": 1])
        try await commit(lease, [.started], columns, store)
        for step in 0..<steps { try await commit(lease, [.step("s\(step)")], nil, store) }
        guard finishes else { return }
        clock.advance(by: .milliseconds(Int64(id.utf8.last ?? 0)))
        columns.state = .success
        columns.endedAt = clock.now()
        try await commit(lease, [.finished(state: .success, reason: nil)], columns, store, releases: true)
    }

    private func commit(
        _ lease: Lease, _ events: [EventPayload], _ columns: Summary.Folded?, _ store: FilesStore,
        releases: Bool = false
    ) async throws {
        var changeset = Changeset(appends: [
            Changeset.Append(
                lease.history, token: lease.token, lastKnown: lease.sequence,
                events: events.map { NewEvent(at: clock.now(), $0) })
        ])
        if let columns {
            changeset.summaries = [.update(SummaryUpdate(lease.history, folded: columns, token: lease.token))]
        }
        if releases { changeset.releases = [Changeset.Release(lease.history, token: lease.token)] }
        _ = try await store.commit(changeset)
    }

    private func put(_ key: String, _ body: JSONValue, _ store: FilesStore, order: String? = nil) async throws {
        _ = try await store.commit(
            Changeset(records: [
                .put(Record(kind: "doc", key: key, orderKey: order, body: body), expectedVersion: nil)
            ]))
    }

    @Test("everything is as it was, here, in another handle and after reopening, however often")
    func nothingChanges() async throws {
        let store = try await open()
        let other = try await open()
        for round in 0..<3 {
            for number in 0..<4 { try await run("r\(round)\(number)", store, finishes: number != 2) }
            try await put("a", ["round": .int(Int64(round))], store, order: "o\(round)")
            try await put("b\(round)", "text \u{1F600} \"quoted\"", store)
            let before = try await contents(store)
            try await store.compactAll()
            #expect(try await contents(store) == before)
            #expect(try await contents(other) == before)
            let third = try await open()
            #expect(try await contents(third) == before)
            #expect(try await third.maintain(MaintenanceRequest(check: true)).findings == [])
            try await third.close()
        }
        try await store.close()
        try await other.close()
    }

    @Test("a history whose line in the base was damaged meanwhile is not written anew as if it were whole")
    func damagedMeanwhile() async throws {
        let store = try await open()
        try await run("r1", store)
        try await store.compactAll()
        let path = folder.path + "/store/journal/base-00000001.jsonl"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let damaged = try #require(whole.range(of: Data(#""x":1"#.utf8)))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seek(toOffset: UInt64(damaged.upperBound - 1))
        try file.write(contentsOf: Data("2".utf8))
        try file.close()
        try await run("r2", store)
        let error = await #expect(throws: StoreError.self) { try await store.compactAll() }
        #expect(error?.code == .corrupt)
        try await store.close()
        let again = try await open()
        #expect(try await again.maintain(MaintenanceRequest(check: true)).findings.isEmpty == false)
        try await again.close()
    }

    @Test("a run goes on behind a compaction: sequences, tokens and XComs of both parts")
    func goesOn() async throws {
        let store = try await open()
        try await create("a", store)
        let lease = try await claim("a", store)
        try await commit(lease, [.started], nil, store)
        try await commit(lease, [.step("one"), .step("two")], nil, store)
        try await store.compactAll()
        try await commit(lease, [.step("one")], nil, store)
        let events = try await store.history(HistoryQuery(lease.history)).elements
        #expect(events.map(\.sequence) == Array(1...6))
        #expect(events.map { $0.token == lease.token } == [false, true, true, true, true, true])
        let ofOne = try await store.history(HistoryQuery(lease.history, xcomTask: TaskID("one"))).elements
        #expect(ofOne.map(\.sequence) == [4, 6])
        #expect(try await store.history(HistoryQuery(lease.history, from: 5, limit: 1)).elements.map(\.sequence) == [5])
        try await store.compactAll()
        #expect(try await store.history(HistoryQuery(lease.history)).elements == events)
        try await store.close()
    }

    @Test("a commit repeated behind a compaction is still known")
    func repeated() async throws {
        let store = try await open()
        try await create("a", store)
        try await create("b", store)
        var changeset = Changeset.appending(
            .signal("s"), .signal("t"), to: .run(named: "a"), lastKnown: 1, at: clock.now())
        changeset.appends +=
            Changeset.appending(.signal("u"), to: .run(named: "b"), lastKnown: 1, at: clock.now()).appends
        let first = try await store.commit(changeset)
        let document = Changeset(records: [.put(Record(kind: "doc", key: "k", body: 1), expectedVersion: 0)])
        let second = try await store.commit(document)
        try await store.compactAll()
        #expect(try await store.commit(changeset) == first)
        #expect(try await store.commit(document) == second)
        let reopened = try await open()
        #expect(try await reopened.commit(changeset) == first)
        try await store.close()
        try await reopened.close()
    }

    @Test("an old position of the feed is answered trimmed, the newest goes on")
    func trimmedFeed() async throws {
        let store = try await open()
        try await create("a", store)
        let old = try await store.feed(FeedQuery(.beginning)).next
        try await create("b", store)
        let newest = try await store.feed(FeedQuery(.now)).next
        try await store.compactAll()
        let error = await #expect(throws: StoreError.self) { try await store.feed(FeedQuery(.after(old))) }
        #expect(error?.code == .trimmed)
        try await create("c", store)
        #expect(
            try await store.feed(FeedQuery(.after(newest))).entries.map(\.history) == [.run(named: "c")])
        try await store.close()
    }

    @Test("a deleted run gives its space back, and its id can be used again")
    func deletion() async throws {
        let store = try await open()
        try await run("a", store, steps: 200)
        try await run("b", store)
        try await store.compactAll()
        let lease = try await claim("a", store)
        _ = try await store.commit(Changeset(deletions: [Changeset.Deletion(lease.history, token: lease.token)]))
        #expect(try await store.maintain(MaintenanceRequest(compact: true)).bytesFreed >= 0)
        #expect(try folder.files(named: "run-a.jsonl") == [])
        #expect(try folder.files(named: "run-b.jsonl").count == 1)
        try await run("a", store, steps: 1)
        try await store.compactAll()
        #expect(try await store.history(HistoryQuery(lease.history)).elements.map(\.sequence) == Array(1...5))
        #expect(try await store.maintain(MaintenanceRequest(check: true)).findings == [])
        try await store.close()
    }

    @Test("the journal is compacted by itself once it is long, and followers of the feed miss nothing")
    func byItself() async throws {
        let store = try await open()
        try await create("a", store)
        let text = String(repeating: "x", count: 60_000)
        let start = try await store.feed(FeedQuery(.now)).next
        var position = start
        var seen = 0
        for _ in 0..<500 {
            let events = (0..<1).map { _ in NewEvent(at: clock.now(), .signalled(name: "s", value: .string(text))) }
            _ = try await store.commit(Changeset(appends: [Changeset.Append(.run(named: "a"), events: events)]))
            let page = try await store.feed(FeedQuery(.after(position)))
            seen += page.entries.count
            position = page.next
        }
        #expect(seen == 500)
        try await store.close()
        let segments = try folder.files(in: "store/journal").filter { $0.count == 14 }
        #expect(segments.count < 8)
        let reopened = try await open()
        #expect(try await reopened.summary(of: .run(named: "a")).id == .run(named: "a"))
        #expect(try await reopened.maintain(MaintenanceRequest(check: true)).findings == [])
        try await reopened.close()
    }

    @Test("what became due while the journal was being compacted is done before the store is closed")
    func beforeClosing() async throws {
        let store = try await open()
        try await create("a", store)
        let signal = NewEvent(
            at: clock.now(), .signalled(name: "s", value: .string(String(repeating: "x", count: 60_000))))
        let events = Array(repeating: signal, count: 60)
        for _ in 0..<20 {
            _ = try await store.commit(Changeset(appends: [Changeset.Append(.run(named: "a"), events: events)]))
        }
        try await store.close()
        let segments = try folder.files(in: "store/journal").filter { $0.count == 14 }
        #expect(segments.count < 8, "\(segments)")
    }
}
