import Holdfast
import Testing

// Every order with every filter, a page at a time, alone and while rows are added.

extension StoreConformance {
    static let paging: [ConformanceCase] =
        SummaryQuery.Order.allCases.flatMap { order in
            [
                ConformanceCase("every filter pages by \(order.rawValue) in both directions, ties ordered by id") {
                    try await pagesEveryFilter($0, by: order)
                },
                ConformanceCase("pages by \(order.rawValue) neither miss nor repeat while rows are added") {
                    try await pagesWhileRowsAreAdded($0, by: order)
                },
            ]
        } + [
            ConformanceCase("an offset passes over that many matches, and a cursor goes on from there") { bench in
                let expected = try await fill(bench)
                for (offset, states) in [(0, []), (5, []), (59, []), (60, []), (70, []), (3, Set([RunState.success]))] {
                    var query = SummaryQuery(states: states, limit: 4, offset: offset)
                    let matches = sorted(expected.filter { states.isEmpty || states.contains($0.visibleState) }, query)
                    #expect(try await bench.allSummaries(query) == Array(matches.dropFirst(offset)))
                    query.ascending = true
                    #expect(try await bench.allSummaries(query) == Array(matches.reversed().dropFirst(offset)))
                }
            },
            ConformanceCase("the last page has no cursor, also when it is full") { bench in
                _ = try await fill(bench)
                var query = SummaryQuery(limit: 30)
                let first = try await bench.store.summaries(query)
                #expect(first.nextCursor != nil)
                query.cursor = first.nextCursor
                let second = try await bench.store.summaries(query)
                #expect(second.elements.count == 30)
                #expect(second.nextCursor == nil)
                #expect(try await bench.store.summaries(SummaryQuery(limit: 60)).nextCursor == nil)
            },
            ConformanceCase("a cursor goes on with another limit") { bench in
                let expected = sorted(try await fill(bench), SummaryQuery())
                let first = try await bench.store.summaries(SummaryQuery(limit: 10))
                let rest = try await bench.allSummaries(SummaryQuery(limit: 50, cursor: first.nextCursor))
                #expect(first.elements + rest == expected)
            },
            ConformanceCase("a cursor of another query is refused as invalidCursor") { bench in
                _ = try await fill(bench)
                let cursor = try #require(try await bench.store.summaries(SummaryQuery(limit: 5)).nextCursor)
                for query in [
                    SummaryQuery(dag: DAGID(unchecked: "dag-1"), cursor: cursor),
                    SummaryQuery(kind: .process, cursor: cursor),
                    SummaryQuery(states: [.failed], cursor: cursor), SummaryQuery(order: .ended, cursor: cursor),
                    SummaryQuery(ascending: true, cursor: cursor), SummaryQuery(since: bench.now, cursor: cursor),
                ] {
                    await expectError(.invalidCursor) { _ = try await bench.store.summaries(query) }
                }
            },
            ConformanceCase("a forged cursor is refused as invalidCursor") { bench in
                _ = try await fill(bench)
                var query = SummaryQuery(limit: 5)
                let text = try #require(try await bench.store.summaries(query).nextCursor).text
                for cursor in forgedCursors(from: text, fingerprint: query.fingerprint) {
                    query.cursor = cursor
                    await expectError(.invalidCursor) { _ = try await bench.store.summaries(query) }
                }
            },
            ConformanceCase("limits and offsets out of range are refused as invalid") { bench in
                for query in [
                    SummaryQuery(limit: 0), SummaryQuery(limit: 1001), SummaryQuery(limit: -1),
                    SummaryQuery(offset: -1),
                    SummaryQuery(offset: 10_001),
                ] {
                    await expectError(.invalid) { _ = try await bench.store.summaries(query) }
                }
                for limit in [0, 10_001] {
                    let id = HistoryID.run(named: "a")
                    await expectError(.invalid) { _ = try await bench.store.history(HistoryQuery(id, limit: limit)) }
                    await expectError(.invalid) { _ = try await bench.store.feed(FeedQuery(.beginning, limit: limit)) }
                    await expectError(.invalid) {
                        _ = try await bench.store.records(RecordQuery(kind: "doc", limit: limit))
                    }
                }
            },
        ]

    /// Creates the sample and claims some of its active runs.
    /// - Returns: the summaries as they are to be listed.
    private static func fill(_ bench: Workbench) async throws -> [Summary] {
        let sample = PagingSample(at: bench.now)
        return try await fill(bench, sample)
    }

    private static func fill(_ bench: Workbench, _ sample: PagingSample) async throws -> [Summary] {
        _ = try await bench.store.commit(sample.changeset)
        var summaries = sample.summaries
        for index in summaries.indices where summaries[index].folded.state.isActive && index % 4 < 2 {
            let lease = try await bench.claim(summaries[index].id, by: "worker-\(index % 2)", for: .seconds(600))
            summaries[index].lease = LeaseInfo(
                worker: WorkerID(unchecked: "worker-\(index % 2)"), location: WorkerInfo.sample().location,
                token: lease.token, expiresAt: lease.expiresAt, isLive: true)
        }
        return summaries
    }

    private static func sorted(_ summaries: [Summary], _ query: SummaryQuery) -> [Summary] {
        func key(_ summary: Summary) -> Timestamp? {
            switch query.order {
            case .created: summary.createdAt
            case .ended: summary.folded.endedAt
            case .duration: summary.folded.duration.map { Timestamp(milliseconds: $0.wholeMilliseconds) }
            }
        }
        let rising = summaries.compactMap { summary in key(summary).map { ($0, summary) } }
            .sorted { ($0.0, $0.1.id.id) < ($1.0, $1.1.id.id) }.map(\.1)
        return query.ascending ? rising : rising.reversed()
    }

    private static func pagesEveryFilter(_ bench: Workbench, by order: SummaryQuery.Order) async throws {
        let sample = PagingSample(at: bench.now)
        let summaries = try await fill(bench, sample)
        for filter in PagingFilter.all(of: sample) {
            for ascending in [false, true] {
                var query = SummaryQuery(order: order, ascending: ascending, limit: 7)
                filter.narrow(&query)
                let expected = sorted(summaries.filter(filter.includes), query)
                let listed = try await bench.allSummaries(query)
                #expect(listed == expected, "filter: \(filter.name), ascending: \(ascending)")
                let total = try await bench.store.summaries(query).total
                if query.isCountable || total != nil { #expect(total == expected.count, "filter: \(filter.name)") }
            }
        }
    }

    private static func pagesWhileRowsAreAdded(_ bench: Workbench, by order: SummaryQuery.Order) async throws {
        let sample = PagingSample(at: bench.now)
        let summaries = try await fill(bench, sample)
        var added = 0
        for filter in PagingFilter.all(of: sample).prefix(5) {
            for ascending in [false, true] {
                var query = SummaryQuery(order: order, ascending: ascending, limit: 7)
                filter.narrow(&query)
                let before = sorted(try await present(bench, order).filter(filter.includes), query)
                var listed: [Summary] = []
                repeat {
                    let page = try await bench.store.summaries(query)
                    listed += page.elements
                    query.cursor = page.nextCursor
                    added += 1
                    // In the midst of the times of the others.
                    let more = PagingSample(
                        at: sample.start + .milliseconds(added % 15), count: 3, prefix: "more\(added)")
                    _ = try await bench.store.commit(more.changeset)
                } while query.cursor != nil
                #expect(listed == sorted(listed, query), "filter: \(filter.name)")
                #expect(Set(listed.map(\.id)).count == listed.count, "filter: \(filter.name)")
                let known = Set(before.map(\.id))
                #expect(listed.filter { known.contains($0.id) } == before, "filter: \(filter.name)")
            }
        }
        #expect(summaries.count == 60)
    }

    private static func present(_ bench: Workbench, _ order: SummaryQuery.Order) async throws -> [Summary] {
        let page = try await bench.store.summaries(SummaryQuery(order: order, limit: 1000))
        #expect(page.nextCursor == nil)
        return page.elements
    }

    /// Cut, changed and invented texts, and well-formed ones with contents that no backend gives out.
    static func forgedCursors(from text: String, fingerprint: JSONValue) -> [Cursor] {
        let texts = ["", "x", "0", "é", "00", "7b7d", String(text.dropLast()), String(text.dropLast(2)), text + "00"]
        let odd: [JSONValue] = [["x": 1], [1], true]
        let keys = (0...5).flatMap { count in odd.map { Array(repeating: $0, count: count) } }
        return (texts + [String(repeating: "5b", count: 4096), String(repeating: "6", count: 100_000)]).map(Cursor.init)
            + keys.filter { !$0.isEmpty }.map { Cursor(fingerprint: fingerprint, keys: $0) }
            + [Cursor(fingerprint: "another", keys: [1, "a", 0])]
    }
}
