import Holdfast

/// Rows that were found by their ids, then put in the order of the listing.
struct FoundCandidates: ListingCandidates {
    private let statement: SQLStatement
    private let places: [(place: ListingPlace, key: Int64)]
    private var index = 0

    init(_ listing: Listing, ids: [String]) throws(SQLiteFailure) {
        var places: [(ListingPlace, Int64)] = []
        let find = try listing.connection.prepared(
            text: """
                SELECT key, \(ListingRange.column(listing.query.order)), id FROM history
                WHERE tenant = ?1 AND kind = ?2 AND id = ?3
                """)
        for id in Set(ids) {
            find.bind(listing.tenant, listing.query.kind.code, id)
            defer { find.reset() }
            if try find.step(), let place = Self.place(find) { places.append(place) }
        }
        try self.init(listing, places)
    }

    /// Nil: so many ids begin so that walking over everything in its order is cheaper.
    init?(_ listing: Listing, prefix: String) throws(SQLiteFailure) {
        guard let end = prefix.upperBoundOfPrefix else { return nil }
        let find = try listing.connection.prepared(
            text: """
                SELECT key, \(ListingRange.column(listing.query.order)), id FROM history
                WHERE tenant = ?1 AND kind = ?2 AND id >= ?3 AND id < ?4 LIMIT ?5
                """)
        find.bind(listing.tenant, listing.query.kind.code, prefix, end, SummaryQuery.maximumExamined)
        defer { find.reset() }
        var places: [(ListingPlace, Int64)] = []
        var count = 0
        while try find.step() {
            count += 1
            if let place = Self.place(find) { places.append(place) }
        }
        guard count < SummaryQuery.maximumExamined else { return nil }
        try self.init(listing, places)
    }

    /// Nil: it is not in this order.
    private static func place(_ row: SQLStatement) -> (ListingPlace, Int64)? {
        row.optionalInt(1).map { (ListingPlace(key: $0, id: row.text(2)), row.int(0)) }
    }

    private init(_ listing: Listing, _ found: [(ListingPlace, Int64)]) throws(SQLiteFailure) {
        let ascending = listing.query.ascending
        let behind = found.filter { place, _ in
            listing.start.place.map { ascending ? place > $0 : place < $0 } ?? true
        }
        places = behind.sorted { ascending ? $0.0 < $1.0 : $0.0 > $1.0 }.map { (place: $0.0, key: $0.1) }
        statement = try listing.connection.prepared(
            text: "SELECT \(SummaryRow.columns) FROM history \(SummaryRow.workerJoin) WHERE history.key = ?1")
    }

    mutating func next() throws(SQLiteFailure) -> (ListingPlace, SummaryRow)? {
        guard index < places.count else { return nil }
        let found = places[index]
        index += 1
        statement.bind(found.key)
        guard try statement.step() else { return nil }
        return (found.place, SummaryRow(statement: statement))
    }

    func reset() { statement.reset() }
}
