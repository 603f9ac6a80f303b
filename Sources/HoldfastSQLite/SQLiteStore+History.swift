public import Holdfast

extension SQLiteStore {
    public func history(_ query: HistoryQuery) async throws(StoreError) -> Page<Event> {
        try query.validate()
        return try read { [tenant] connection throws(SQLiteFailure) in
            Page(try HistoryReading(connection: connection, tenant: tenant).events(query))
        }
    }
}

/// Reads the events of one history: those that `place` tells of, then those among the newest of the store.
private struct HistoryReading {
    let connection: ReadConnection
    let tenant: Int64

    func events(_ query: HistoryQuery) throws(SQLiteFailure) -> [Event] {
        let statement = try connection.prepared(
            "SELECT key, began FROM history WHERE tenant = ?1 AND kind = ?2 AND id = ?3")
        statement.bind(tenant, query.history.kind.code, query.history.id)
        defer { statement.reset() }
        guard try statement.step() else {
            throw .refused(StoreError(.notFound, subject: query.history.description))
        }
        var events: [Event] = []
        try addFiled(of: statement.int(0), query, to: &events)
        if events.count < query.limit {
            try addUnfiled(of: statement.int(0), from: statement.int(1), query, to: &events)
        }
        return events
    }

    private func addFiled(of key: Int64, _ query: HistoryQuery, to events: inout [Event]) throws(SQLiteFailure) {
        let statement = try connection.prepared(
            """
            SELECT place.sequence, time, token, body FROM place CROSS JOIN event ON event.position = place.position
            WHERE place.history = ?1 AND place.sequence >= ?2 AND (?3 IS NULL OR place.task = ?3)
            ORDER BY place.sequence LIMIT ?4
            """)
        statement.bind(key, query.from, query.xcomTask?.rawValue, query.limit)
        try add(statement, to: &events)
    }

    private func addUnfiled(
        of key: Int64, from began: Int64, _ query: HistoryQuery, to events: inout [Event]
    ) throws(SQLiteFailure) {
        let statement = try connection.prepared(
            """
            SELECT sequence, time, token, body FROM event
            WHERE position > max((SELECT value FROM counter WHERE name = 'filed'), ?1 - 1)
                AND history = ?2 AND sequence >= ?3 AND (?4 IS NULL OR task = ?4)
            ORDER BY position LIMIT ?5
            """)
        statement.bind(began, key, query.from, query.xcomTask?.rawValue, query.limit - events.count)
        try add(statement, to: &events)
    }

    private func add(_ statement: SQLStatement, to events: inout [Event]) throws(SQLiteFailure) {
        defer { statement.reset() }
        while try statement.step() {
            events.append(try decodingStored { () throws(StoreError) in try Event(row: statement) })
        }
    }
}
