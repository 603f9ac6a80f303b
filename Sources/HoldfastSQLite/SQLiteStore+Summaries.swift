public import Holdfast

extension SQLiteStore {
    public func summaries(_ query: SummaryQuery) async throws(StoreError) -> Page<Summary> {
        try query.validate()
        let start = try ListingStart(query)
        let now = options.clock.now()
        return try read { [tenant, liveness] connection throws(SQLiteFailure) in
            let snapshot = try liveness.snapshot(connection, at: now)
            var page = try Listing(
                connection: connection, tenant: tenant, query: query, start: start, liveness: snapshot
            ).page()
            guard query.isCountable else { return page }
            let counts = try Counting(connection: connection, tenant: tenant, liveness: snapshot).counts(
                CountQuery(kind: query.kind, dag: query.dag, workspace: query.workspace, states: query.states))
            page.total = counts.reduce(0) { $0 + $1.count }
            return page
        }
    }
}

/// The place of a summary in an order; the id breaks ties.
struct ListingPlace: Sendable, Comparable {
    /// Milliseconds.
    var key: Int64
    var id: String

    // Ids are ASCII, whose order is the same for bytes and for texts.
    static func < (left: ListingPlace, right: ListingPlace) -> Bool { (left.key, left.id) < (right.key, right.id) }
}

/// Where a page begins.
struct ListingStart: Sendable {
    /// Behind this one; nil: with the first.
    var place: ListingPlace?
    /// How many matches are passed over.
    var skip: Int

    /// - Throws: `invalidCursor`.
    init(_ query: SummaryQuery) throws(StoreError) {
        guard let cursor = query.cursor else {
            skip = query.offset
            return
        }
        let keys = try cursor.keys(fingerprint: query.fingerprint, count: 3)
        guard let key = keys[0].intValue, let id = keys[1].stringValue, let skip = keys[2].intValue else {
            throw StoreError(.invalidCursor, subject: "cursor \(quoted(cursor.text))")
        }
        place = ListingPlace(key: key, id: id)
        self.skip = Int(skip)
    }
}

/// Makes one page: walks over the candidates in their order and keeps those that pass every filter.
struct Listing {
    let connection: ReadConnection
    let tenant: Int64
    let query: SummaryQuery
    let start: ListingStart
    let liveness: LivenessSnapshot

    func page() throws(SQLiteFailure) -> Page<Summary> {
        var candidates = try candidates()
        defer { candidates.reset() }
        var page = Page<Summary>([])
        var (place, skip) = (start.place, start.skip)
        var left = query.hasOwnIndex ? Int.max : SummaryQuery.maximumExamined
        while let (here, row) = try candidates.next() {
            if query.isPastEnd(here) { break }
            // Two ranges may hold the same row.
            if here == place { continue }
            let match = try match(row)
            guard left > 0, match == nil || page.elements.count < query.limit else {
                page.nextCursor = place.map { query.cursor(at: $0, skip: skip) }
                return page
            }
            left -= 1
            place = here
            guard let match else { continue }
            if skip > 0 { skip -= 1 } else { page.elements.append(match) }
        }
        return page
    }

    /// The summary, if it passes every filter. The JSON of others is not parsed.
    private func match(_ row: SummaryRow) throws(SQLiteFailure) -> Summary? {
        try decodingStored { () throws(StoreError) in
            let light = try row.light(liveness)
            guard query.withoutLabels.matches(light) else { return nil }
            let summary = try row.complete(light)
            return query.labels.isEmpty || query.matches(summary) ? summary : nil
        }
    }

    private func candidates() throws(SQLiteFailure) -> any ListingCandidates {
        if let ids = query.ids { return try FoundCandidates(self, ids: ids) }
        if let prefix = query.idPrefix, let found = try FoundCandidates(self, prefix: prefix) { return found }
        return try MergedRanges(ListingRange.ranges(of: query, liveness), self)
    }
}

extension SummaryQuery {
    fileprivate var withoutLabels: SummaryQuery {
        guard !labels.isEmpty else { return self }
        var query = self
        query.labels = [:]
        return query
    }

    fileprivate func cursor(at place: ListingPlace, skip: Int) -> Cursor {
        Cursor(fingerprint: fingerprint, keys: [.int(place.key), .string(place.id), .int(Int64(skip))])
    }

    /// Whether everything in the ranges is a match, but for the runs of dead workers: no need to limit what is examined.
    var hasOwnIndex: Bool {
        guard ids == nil else { return true }
        guard idPrefix == nil, parent == nil || isOnlyFilter(parent != nil), labels.count < 2 else { return false }
        let filters = [dag != nil, !states.isEmpty, workspace != nil, !labels.isEmpty].count { $0 }
        let isByStateAndDAG = workspace == nil && labels.isEmpty
        switch order {
        case .created: return filters < 2 || isByStateAndDAG
        case .ended, .duration: return filters < 2 && isByStateAndDAG && parent == nil && since == nil && until == nil
        }
    }

    private func isOnlyFilter(_ isSet: Bool) -> Bool {
        isSet && dag == nil && states.isEmpty && workspace == nil && labels.isEmpty
    }
}

/// Rows in the order of a listing. A row is valid until the next is asked for.
protocol ListingCandidates {
    mutating func next() throws(SQLiteFailure) -> (ListingPlace, SummaryRow)?
    /// Ends the reading.
    func reset()
}
