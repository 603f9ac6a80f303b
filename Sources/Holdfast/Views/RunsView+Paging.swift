/// Runs by page number, as programs ask for them that know no cursors.
public struct RunPageQuery: Sendable, Hashable {
    public enum Sort: String, Sendable, Hashable, CaseIterable {
        /// By creation: a run begins when it is created, unless it has to wait in a queue.
        case start
        /// Only those that have ended.
        case end
        /// Only those that have started and ended.
        case duration
        /// In the order of `RunState`, and within one state by creation.
        case state
    }

    public var dag: DAGID?
    /// Empty: all.
    public var states: Set<RunState>
    /// On `created_at`, inclusive.
    public var since: Timestamp?
    /// On `created_at`, exclusive.
    public var until: Timestamp?
    public var sort: Sort
    /// Oldest, or shortest, first; for states, their order reversed.
    public var ascending: Bool
    /// 1 to 1,000.
    public var limit: Int
    /// 0 to 10,000.
    public var offset: Int

    public init(
        dag: DAGID? = nil, states: Set<RunState> = [], since: Timestamp? = nil, until: Timestamp? = nil,
        sort: Sort = .start, ascending: Bool = false, limit: Int = 100, offset: Int = 0
    ) {
        self.dag = dag
        self.states = states
        self.since = since
        self.until = until
        self.sort = sort
        self.ascending = ascending
        self.limit = limit
        self.offset = offset
    }

    fileprivate func summaryQuery(_ states: Set<RunState>) -> SummaryQuery {
        let order: SummaryQuery.Order =
            switch sort {
            case .start, .state: .created
            case .end: .ended
            case .duration: .duration
            }
        return SummaryQuery(
            dag: dag, states: states, since: since, until: until, order: order,
            ascending: sort == .state ? false : ascending, limit: limit)
    }
}

extension RunsView {
    /// A page of runs, with the total where the kept counts tell it: not with a range of dates.
    /// - Throws: `invalid` for limit and offset.
    public func page(_ query: RunPageQuery) async throws(StoreError) -> Page<Summary> {
        var first = query.summaryQuery(query.states)
        first.offset = query.offset
        try first.validate()
        let elements = query.sort == .state ? try await byState(query) : try await whole(first)
        return Page(elements, total: try await total(query))
    }

    /// A page that the store cut short, as it had looked at enough rows, is filled up.
    private func whole(_ query: SummaryQuery) async throws(StoreError) -> [Summary] {
        var query = query
        var found: [Summary] = []
        repeat {
            let page = try await list(query)
            found += page.elements
            query.cursor = page.nextCursor
            query.offset = 0
            query.limit -= page.elements.count
        } while query.cursor != nil && query.limit > 0
        return found
    }

    private func byState(_ query: RunPageQuery) async throws(StoreError) -> [Summary] {
        let order = query.ascending ? RunState.allCases.reversed() : RunState.allCases
        var found: [Summary] = []
        var skipped = 0
        for state in order where query.states.isEmpty || query.states.contains(state) {
            var part = query.summaryQuery([state])
            repeat {
                let page = try await list(part)
                let passing = min(query.offset - skipped, page.elements.count)
                skipped += passing
                found += page.elements.dropFirst(passing).prefix(query.limit - found.count)
                if found.count == query.limit { return found }
                part.cursor = page.nextCursor
            } while part.cursor != nil
        }
        return found
    }

    private func total(_ query: RunPageQuery) async throws(StoreError) -> Int? {
        guard query.since == nil, query.until == nil else { return nil }
        var states = query.states
        if query.sort == .end || query.sort == .duration {
            let ended = Set(RunState.allCases.filter(\.isTerminal))
            states = states.isEmpty ? ended : states.intersection(ended)
            if states.isEmpty { return 0 }
        }
        let counts = try await store.counts(CountQuery(dag: query.dag, states: states))
        return counts.reduce(0) { $0 + $1.count }
    }
}

// MARK: - Resumable runs

extension RunState {
    /// The states that a resume takes a run up in.
    public static let resumable: Set<RunState> = [.queued, .interrupted, .failed, .cancelled]
}

extension RunsView {
    /// Runs that a resume can go on with, newest first.
    /// - Parameter limit: 1 to 1,000.
    /// - Throws: `invalid` for the limit, `invalidCursor`.
    public func resumable(
        dag: DAGID? = nil, limit: Int = 100, cursor: Cursor? = nil
    ) async throws(StoreError) -> Page<Summary> {
        try await list(SummaryQuery(dag: dag, states: RunState.resumable, limit: limit, cursor: cursor))
    }
}
