public import Holdfast

extension SQLiteStore {
    public func history(_ query: HistoryQuery) async throws(StoreError) -> Page<Event> {
        try query.validate()
        return try read { [tenant] connection throws(SQLiteFailure) in
            let key = try connection.integer(
                "SELECT key FROM history WHERE tenant = ?1 AND kind = ?2 AND id = ?3", tenant,
                query.history.kind.code, query.history.id)
            guard let key else { throw .refused(StoreError(.notFound, subject: query.history.description)) }
            let statement: SQLStatement
            if let task = query.xcomTask {
                statement = try connection.prepared(
                    """
                    SELECT sequence, time, token, body FROM event INDEXED BY event_sequence
                    WHERE history = ?1 AND sequence >= ?2 AND task = ?4 ORDER BY sequence LIMIT ?3
                    """)
                statement.bind(key, query.from, query.limit, task.rawValue)
            } else {
                statement = try connection.prepared(
                    """
                    SELECT sequence, time, token, body FROM event
                    WHERE history = ?1 AND sequence >= ?2 ORDER BY sequence LIMIT ?3
                    """)
                statement.bind(key, query.from, query.limit)
            }
            defer { statement.reset() }
            var events: [Event] = []
            while try statement.step() {
                events.append(try decodingStored { () throws(StoreError) in try Event(row: statement) })
            }
            return Page(events)
        }
    }
}
