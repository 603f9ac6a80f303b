extension ProcessesView {
    /// Processes, a page at a time. A page may be short although there are more: its cursor says so.
    /// - Throws: `invalid` for limit or offset, `invalidCursor`.
    public func list(_ query: ProcessQuery = ProcessQuery()) async throws(StoreError) -> Page<ProcessSummary> {
        guard !query.isExact else {
            let page = try await store.summaries(query.summaryQuery)
            return Page(page.elements.map(ProcessSummary.init), nextCursor: page.nextCursor, total: page.total)
        }
        return try await sifted(query)
    }

    /// A page of those among the rows that have the statuses asked for.
    private func sifted(_ query: ProcessQuery) async throws(StoreError) -> Page<ProcessSummary> {
        var rows = query.summaryQuery
        try rows.validate()
        var (place, skip) = try start(of: query)
        var page = Page<ProcessSummary>([])
        var examined = 0
        rows.offset = 0
        repeat {
            rows.cursor = place
            rows.limit = min(SummaryQuery.maximumLimit, query.limit - page.elements.count + skip)
            let next = try await store.summaries(rows)
            for process in next.elements.map(ProcessSummary.init) where query.statuses.contains(process.status) {
                if skip > 0 { skip -= 1 } else { page.elements.append(process) }
            }
            place = next.nextCursor
            examined += next.elements.count
            // The store examined as many rows as it may.
            guard next.elements.count == rows.limit else { break }
        } while place != nil && page.elements.count < query.limit && examined < SummaryQuery.maximumExamined
        page.nextCursor = place.map {
            Cursor(fingerprint: query.fingerprint, keys: [.string($0.text), .int(Int64(skip))])
        }
        return page
    }

    private func start(of query: ProcessQuery) throws(StoreError) -> (Cursor?, skip: Int) {
        guard let cursor = query.cursor else { return (nil, query.offset) }
        let keys = try cursor.keys(fingerprint: query.fingerprint, count: 2)
        guard let place = keys[0].stringValue, let skip = keys[1].intValue else {
            throw StoreError(.invalidCursor, subject: "cursor \(quoted(cursor.text))")
        }
        return (Cursor(place), Int(skip))
    }

    /// Calls `body` for each process, a page at a time; limit, cursor and offset are not used.
    func forEachPage(
        _ query: ProcessQuery, _ body: ([ProcessSummary]) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        var query = query
        (query.offset, query.cursor) = (0, nil)
        repeat {
            let page = try await list(query)
            try await body(page.elements)
            query.cursor = page.nextCursor
        } while query.cursor != nil
    }

    /// Those that it started, and those that its `group_metadata` names in `child_process_ids` or `childProcessIds`; newest
    /// first.
    /// - Throws: `notFound`.
    public func children(of id: ProcessID) async throws(StoreError) -> [ProcessSummary] {
        let group = try await summary(id).fields.groupMetadata
        var found: [ProcessID: ProcessSummary] = [:]
        try await forEachPage(ProcessQuery(parent: id, limit: SummaryQuery.maximumLimit)) { page in
            for child in page { found[child.id] = child }
        }
        let named = (group["child_process_ids"] ?? group["childProcessIds"])?.arrayValue ?? []
        var missing = named.compactMap(\.stringValue).filter { found[ProcessID(unchecked: $0)] == nil }[...]
        while !missing.isEmpty {
            let ids = Array(missing.prefix(SummaryQuery.maximumLimit))
            missing = missing.dropFirst(ids.count)
            let query = SummaryQuery(kind: .process, ids: ids, limit: SummaryQuery.maximumLimit)
            for child in try await store.summaries(query).elements.map(ProcessSummary.init) { found[child.id] = child }
        }
        return found.values.sorted {
            ($0.summary.createdAt, $0.id) > ($1.summary.createdAt, $1.id)
        }
    }
}
