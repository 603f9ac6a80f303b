public import Holdfast
import HoldfastLocal

extension SQLiteStore {
    public func feed(_ query: FeedQuery) async throws(StoreError) -> FeedPage {
        try query.validate()
        var query = query
        let deadline = ContinuousClock.now + (query.wait ?? .zero)
        while true {
            let rings = bell.rings
            let page = try read { [query, tenant] connection throws(SQLiteFailure) in
                try FeedReading(connection: connection, tenant: tenant).page(query)
            }
            guard page.entries.isEmpty, query.wait != nil, ContinuousClock.now < deadline else { return page }
            query.start = .after(page.next)
            await bell.wait(past: rings, requestsOnly: query.requestsOnly, until: deadline)
        }
    }
}

/// Reads the feed in one read transaction. Positions are given out inside the one write transaction, so they become
/// visible in their order.
private struct FeedReading {
    let connection: ReadConnection
    let tenant: Int64

    func page(_ query: FeedQuery) throws(SQLiteFailure) -> FeedPage {
        let (last, trimmed) = try bounds()
        let position: Int64
        switch query.start {
        case .beginning: position = trimmed
        case .now: position = last
        case .after(let given): position = given.rawValue
        }
        guard position >= trimmed else {
            throw .refused(StoreError(.trimmed, subject: "feed position \(position)", detail: "begin anew"))
        }
        let end = FeedPosition(rawValue: max(position, last))
        guard position < last else { return FeedPage([], next: end) }
        var entries = try events(after: position, query)
        if !query.requestsOnly {
            entries += try tombstones(after: position, limit: query.limit)
            entries.sort { $0.position < $1.position }
        }
        guard entries.count >= query.limit else { return FeedPage(entries, next: end) }
        let kept = Array(entries.prefix(query.limit))
        return FeedPage(kept, next: kept.last?.position ?? end)
    }

    private func bounds() throws(SQLiteFailure) -> (last: Int64, trimmed: Int64) {
        let statement = try connection.prepared(
            """
            SELECT (SELECT max(position) FROM event), (SELECT max(position) FROM tombstone),
                (SELECT value FROM counter WHERE name = 'trimmed')
            """)
        statement.bind()
        defer { statement.reset() }
        _ = try statement.step()
        return (max(statement.int(0), statement.int(1), statement.int(2)), statement.int(2))
    }

    private func events(after position: Int64, _ query: FeedQuery) throws(SQLiteFailure) -> [FeedEntry] {
        guard query.requestsOnly else {
            return try entries(
                """
                SELECT sequence, time, event.token, body, position, kind, id
                FROM event CROSS JOIN history ON history.key = event.history
                WHERE position > ?1 AND tenant = ?2 ORDER BY position LIMIT ?3
                """, after: position, limit: query.limit)
        }
        let filed = try entries(
            """
            SELECT sequence, time, event.token, body, request.position, kind, id
            FROM request CROSS JOIN event ON event.position = request.position
                CROSS JOIN history ON history.key = event.history
            WHERE request.position > ?1 AND tenant = ?2 ORDER BY request.position LIMIT ?3
            """, after: position, limit: query.limit)
        guard filed.count < query.limit else { return filed }
        return filed
            + (try entries(
                """
                SELECT sequence, time, event.token, body, position, kind, id
                FROM event CROSS JOIN history ON history.key = event.history
                WHERE position > max((SELECT value FROM counter WHERE name = 'filed'), ?1)
                    AND event.token IS NULL AND sequence > 1 AND tenant = ?2
                ORDER BY position LIMIT ?3
                """, after: position, limit: query.limit - filed.count))
    }

    private func entries(
        _ sql: StaticString, after position: Int64, limit: Int
    ) throws(SQLiteFailure) -> [FeedEntry] {
        let statement = try connection.prepared(sql)
        statement.bind(position, tenant, limit)
        defer { statement.reset() }
        var entries: [FeedEntry] = []
        while try statement.step() {
            let event = try decodingStored { () throws(StoreError) in try Event(row: statement) }
            entries.append(
                FeedEntry(
                    position: FeedPosition(rawValue: statement.int(4)),
                    history: HistoryID(stored: statement.int(5), statement.text(6)), event: event))
        }
        return entries
    }

    private func tombstones(after position: Int64, limit: Int) throws(SQLiteFailure) -> [FeedEntry] {
        let statement = try connection.prepared(
            "SELECT position, kind, id FROM tombstone WHERE position > ?1 AND tenant = ?2 ORDER BY position LIMIT ?3")
        statement.bind(position, tenant, limit)
        defer { statement.reset() }
        var entries: [FeedEntry] = []
        while try statement.step() {
            entries.append(
                FeedEntry(
                    position: FeedPosition(rawValue: statement.int(0)),
                    history: HistoryID(stored: statement.int(1), statement.text(2)), event: nil))
        }
        return entries
    }
}

extension Event {
    /// From the columns sequence, time, token, body.
    init(row: SQLStatement) throws(StoreError) {
        let sequence = row.int(0)
        self.init(
            sequence: sequence, time: row.time(1), token: row.optionalInt(2).map(LeaseToken.init(rawValue:)),
            payload: try EventCodec.decode(row.bytes(3)))
    }
}
