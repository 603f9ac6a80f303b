import Holdfast

/// Pages of a long history beside the same pages of a short one.
struct ListBenchmark {
    var store: StoreKind
    var runs: Int
    var queries: Int
    var folder: String

    static let peerRuns = 1000
    static let pageSize = 50

    func measure() async throws -> Figures {
        try await ScratchFolder.with(in: folder) { scratch in
            let store = try await scratch.open(self.store)
            let peer = try await scratch.open(self.store, name: "peer")
            try await RunHistory(runs: Self.peerRuns).fill(peer)
            let filling = try await seconds { try await RunHistory(runs: runs).fill(store) }
            var figures = Figures()
            figures.add("runs", Double(runs))
            figures.add("filled_runs_per_second", Double(runs) / filling)
            try await measure(store, peer, &figures)
            try await store.close()
            try await peer.close()
            return figures
        }
    }

    private func measure(_ store: any Store, _ peer: any Store, _ figures: inout Figures) async throws {
        let first = SummaryQuery(states: [.failed], limit: Self.pageSize)
        let deep = try await middle(of: first, in: store)
        let peerDeep = try await middle(of: first, in: peer)
        var times: [[Double]] = [[], [], [], []]
        // One after the other, so that what else the machine does touches all alike. The first tenth warms up.
        for round in 0..<(queries + queries / 10) {
            let measured = [
                try await time(first, store), try await time(deep, store), try await time(first, peer),
                try await time(peerDeep, peer),
            ]
            guard round >= queries / 10 else { continue }
            for (index, time) in measured.enumerated() { times[index].append(time) }
        }
        figures.add("p50_ms", times[0].median)
        figures.add("p99_ms", times[0].percentile(99))
        figures.add("deep_page_p50_ms", times[1].median)
        figures.add("deep_page_p99_ms", times[1].percentile(99))
        figures.add("peer_p50_ms", times[2].median)
        figures.add("peer_deep_page_p50_ms", times[3].median)
    }

    /// The same query, going on after half of its matches.
    private func middle(of query: SummaryQuery, in store: any Store) async throws -> SummaryQuery {
        let matches = try await store.counts(CountQuery()).filter { $0.state == .failed }.reduce(0) { $0 + $1.count }
        var query = query
        var left = matches / 2
        while left > 0 {
            query.limit = min(left, SummaryQuery.maximumLimit)
            let page = try await store.summaries(query)
            guard let cursor = page.nextCursor else { throw BenchmarkError.historyTooShort }
            left -= page.elements.count
            query.cursor = cursor
        }
        query.limit = Self.pageSize
        return query
    }

    private func time(_ query: SummaryQuery, _ store: any Store) async throws -> Double {
        var found = 0
        let time = try await seconds { found = try await store.summaries(query).elements.count }
        guard found > 0 else { throw BenchmarkError.historyTooShort }
        return time * 1000
    }
}

enum BenchmarkError: Error, CustomStringConvertible {
    case historyTooShort
    case commandFailed(String)
    case systemCallFailed(String)

    var description: String {
        switch self {
        case .historyTooShort: "there are too few runs to page through; ask for more with --runs"
        case .commandFailed(let what), .systemCallFailed(let what): what
        }
    }
}
