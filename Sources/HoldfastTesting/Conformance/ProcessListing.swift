import Holdfast
import Testing

// Listings and clearing of processes, held against filters applied one by one to everything there is.

extension StoreConformance {
    static let processListing: [ConformanceCase] = [
        ConformanceCase(
            "B, Filters: workspaceId, status (one or several), type, parentProcessId, since, until, all at once"
        ) { bench in
            let sample = try await ProcessSample(bench)
            var generator = SeededGenerator(seed: 11)
            for _ in 0..<120 {
                let query = sample.query(&generator)
                #expect(try await bench.allProcesses(query).map(\.id) == sample.ids(query), "\(query)")
            }
        },
        ConformanceCase("B, Filters: each alone gives what it names, and all that") { bench in
            let sample = try await ProcessSample(bench)
            var queries = ProcessStatus.allCases.map { ProcessQuery(statuses: [$0]) }
            queries += [
                ProcessQuery(workspace: WorkspaceID(unchecked: "w1")),
                ProcessQuery(type: ProcessType(unchecked: "chat")),
                ProcessQuery(parent: ProcessID(unchecked: "p1")), ProcessQuery(statuses: [.running, .failed]),
                ProcessQuery(ascending: true),
            ]
            for query in queries {
                let expected = sample.ids(query)
                #expect(!expected.isEmpty && expected.count <= sample.records.count)
                #expect(try await bench.allProcesses(query).map(\.id) == expected, "\(query)")
            }
        },
        ConformanceCase("B, Filters: since is inclusive, until exclusive, both on the start time") { bench in
            let start = bench.now
            for index in 0..<3 { try await bench.processes.add(.sample("p\(index)", start: start + .seconds(index))) }
            func ids(_ since: Int?, _ until: Int?) async throws -> [String] {
                let query = ProcessQuery(
                    since: since.map { start + .seconds($0) }, until: until.map { start + .seconds($0) })
                return try await bench.processes.list(query).elements.map(\.id.rawValue)
            }
            #expect(try await ids(1, nil) == ["p2", "p1"])
            #expect(try await ids(nil, 1) == ["p0"])
            #expect(try await ids(1, 2) == ["p1"])
            #expect(try await ids(3, nil) == [])
        },
        ConformanceCase("B, Filters: limit and offset page through processes, as cursors do") { bench in
            let sample = try await ProcessSample(bench)
            for statuses in [[], [.running], [.failed, .cancelled], [.queued, .completed]] as [Set<ProcessStatus>] {
                let expected = sample.ids(ProcessQuery(statuses: statuses))
                for (limit, offset) in [(1, 0), (3, 0), (3, 2), (1000, 5), (2, expected.count), (5, 10_000)] {
                    let query = ProcessQuery(statuses: statuses, limit: limit, offset: offset)
                    let page = try await bench.processes.list(query)
                    #expect(page.elements.map(\.id) == Array(expected.dropFirst(offset).prefix(limit)))
                    var next = query
                    (next.offset, next.cursor) = (0, page.nextCursor)
                    let rest = page.nextCursor == nil ? [] : try await bench.allProcesses(next).map(\.id)
                    #expect(page.elements.map(\.id) + rest == Array(expected.dropFirst(offset)))
                }
            }
        },
        ConformanceCase("a limit or an offset out of bounds and a cursor of another query are refused") { bench in
            _ = try await ProcessSample(bench)
            for statuses in [[], [.running]] as [Set<ProcessStatus>] {
                for (limit, offset) in [(0, 0), (1001, 0), (1, -1), (1, 10_001)] {
                    try await bench.refuses(.invalid) {
                        _ = try await bench.processes.list(
                            ProcessQuery(statuses: statuses, limit: limit, offset: offset))
                    }
                }
                let cursor = try await bench.processes.list(ProcessQuery(statuses: statuses, limit: 1)).nextCursor
                for other in [[.cancelling], [.queued], [.failed]] as [Set<ProcessStatus>] {
                    try await bench.refuses(.invalidCursor) {
                        _ = try await bench.processes.list(ProcessQuery(statuses: other, limit: 1, cursor: cursor))
                    }
                }
            }
        },
        ConformanceCase("the total is known where the kept counts tell") { bench in
            let sample = try await ProcessSample(bench)
            #expect(try await bench.processes.list(ProcessQuery(limit: 1)).total == sample.records.count)
            let completed = ProcessQuery(statuses: [.completed], limit: 1)
            #expect(try await bench.processes.list(completed).total == sample.ids(completed).count)
            #expect(try await bench.processes.list(ProcessQuery(since: bench.now)).total == nil)
        },
        ConformanceCase("children are those that name the process, and those that its group names") { bench in
            for (index, parent) in [nil, "g", "g", nil, "other"].enumerated() {
                try await bench.processes.add(.sample("p\(index)", parent: parent, start: bench.now + .seconds(index)))
            }
            let group: JSONValue = ["childProcessIds": ["p0", "p1", "gone", 5]]
            try await bench.processes.add(.sample("g", start: bench.now, fields: [.groupMetadata: group]))
            let children = try await bench.processes.children(of: ProcessID(unchecked: "g"))
            #expect(children.map(\.id.rawValue) == ["p2", "p1", "p0"])
            try await bench.refuses(.notFound) {
                _ = try await bench.processes.children(of: ProcessID(unchecked: "absent"))
            }
        },
        ConformanceCase("B, Behaviours: clear returns how many it removed and honours every filter") { bench in
            let sample = try await ProcessSample(bench)
            var generator = SeededGenerator(seed: 5)
            var left = Set(sample.records.map(\.id))
            for _ in 0..<12 {
                let query = sample.query(&generator)
                let matching = left.intersection(sample.ids(query))
                #expect(try await bench.processes.clear(query) == matching.count, "\(query)")
                left.subtract(matching)
                #expect(Set(try await bench.allProcesses(ProcessQuery()).map(\.id)) == left)
            }
            #expect(try await bench.processes.clear() == left.count)
            #expect(try await bench.processes.clear() == 0)
            #expect(try await bench.store.counts(CountQuery(kind: .process)) == [])
        },
        ConformanceCase("clear leaves what another worker holds, and counts what it removed") { bench in
            for index in 0..<250 { try await bench.processes.add(.sample("p\(index)", start: bench.now)) }
            _ = try await bench.views(of: "far").processes.claim(ProcessID(unchecked: "p7"))
            #expect(try await bench.processes.clear() == 249)
            #expect(try await bench.processes.list().elements.map(\.id.rawValue) == ["p7"])
            try await bench.refuses(.leaseHeld) { try await bench.processes.remove(ProcessID(unchecked: "p7")) }
        },
    ]
}

extension Workbench {
    /// All pages of a query, joined.
    func allProcesses(_ query: ProcessQuery) async throws -> [ProcessSummary] {
        var query = query
        var all: [ProcessSummary] = []
        while true {
            let page = try await processes.list(query)
            #expect(page.elements.count <= query.limit)
            all += page.elements
            guard let next = page.nextCursor else { return all }
            (query.cursor, query.offset) = (next, 0)
        }
    }
}

/// Processes that differ in everything that is filtered by, with what is shown as their status; some were left by a worker
/// that died.
private struct ProcessSample {
    private(set) var records: [ProcessRecord] = []

    init(_ bench: Workbench) async throws {
        var generator = SeededGenerator(seed: 3)
        for index in 0..<48 {
            let status = ProcessStatus.allCases[index % 6]
            var record = ProcessRecord.sample(
                "p\(index)", type: ["chat", "clarification"][generator.below(2)],
                workspace: [nil, "w1", "w2"][index % 3],
                parent: [nil, "p1", "p2"][generator.below(3)], status: status,
                start: bench.now + .seconds(generator.below(20)))
            try await bench.processes.add(record)
            if index >= 36, status == .running || status == .cancelling {
                _ = try await bench.views(of: "dying", for: .seconds(1)).processes.claim(record.id)
                record.status = status == .running ? .failed : .cancelled
            }
            records.append(record)
        }
        bench.clock.advance(by: .seconds(60))
    }

    func query(_ generator: inout SeededGenerator) -> ProcessQuery {
        var query = ProcessQuery(limit: 1 + generator.below(9))
        if generator.below(3) == 0 { query.workspace = WorkspaceID(unchecked: "w\(1 + generator.below(3))") }
        if generator.below(2) == 0 {
            query.statuses = Set((0...generator.below(3)).map { _ in ProcessStatus.allCases[generator.below(6)] })
        }
        if generator.below(4) == 0 { query.type = ProcessType(unchecked: ["chat", "other"][generator.below(2)]) }
        if generator.below(4) == 0 { query.parent = ProcessID(unchecked: "p\(1 + generator.below(2))") }
        let base = records.map(\.startTime).min() ?? Timestamp(milliseconds: 0)
        if generator.below(4) == 0 { query.since = base + .seconds(generator.below(20)) }
        if generator.below(4) == 0 { query.until = base + .seconds(generator.below(20)) }
        query.ascending = generator.below(2) == 0
        return query
    }

    func ids(_ query: ProcessQuery) -> [ProcessID] {
        let matching = records.filter { record in
            (query.workspace == nil || record.workspace == query.workspace)
                && (query.statuses.isEmpty || query.statuses.contains(record.status))
                && (query.type == nil || record.type == query.type)
                && (query.parent == nil || record.parent == query.parent)
                && query.since.map { record.startTime >= $0 } ?? true
                && query.until.map { record.startTime < $0 } ?? true
        }
        let sorted = matching.sorted { ($0.startTime, $0.id) < ($1.startTime, $1.id) }.map(\.id)
        return query.ascending ? sorted : sorted.reversed()
    }
}

extension SeededGenerator {
    fileprivate mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
}
