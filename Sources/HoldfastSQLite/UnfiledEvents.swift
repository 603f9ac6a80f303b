import Holdfast

/// The events that are not in `place` and `request` yet, as far as writing must know them. Only valid while nobody else has written.
struct UnfiledEvents {
    struct Mark {
        var history: Int64
        var sequence: Int64
        var position: Int64
    }

    /// The last sequence of each history that has some.
    private(set) var lastSequences: [Int64: Int64] = [:]
    /// The first row of each changeset.
    private(set) var marks: [ChangesetID: Mark] = [:]

    /// The next event by position.
    mutating func add(_ changeset: ChangesetID?, _ mark: Mark) {
        lastSequences[mark.history] = mark.sequence
        if let changeset { marks[changeset] = mark }
    }
}

/// When the newest events are put into `place` and `request`.
struct Filing: Sendable {
    /// So many events wait for it at least: reading a history goes through all of them.
    var events: Int64 = 1024

    /// When much is written at once, so many times as much waits: events of one history are then put into one page.
    private static let transactions: Int64 = 4

    func isDue(_ unfiled: Int64, justWritten: Int64) -> Bool {
        unfiled >= max(events, justWritten * Self.transactions)
    }
}

extension Committer {
    /// Puts all events into `place`, and the requests among them into `request`, when it is time.
    func fileIfDue(_ counters: Counters) throws(SQLiteFailure) {
        guard written > 0, filing.isDue(counters.position - counters.filed, justWritten: written) else { return }
        try connection.run(
            """
            INSERT INTO place (history, sequence, task, position)
            SELECT history, sequence, task, position FROM event WHERE position > ?1 ORDER BY history, sequence
            """, counters.filed)
        try connection.run(
            """
            INSERT INTO request (position)
            SELECT position FROM event WHERE position > ?1 AND token IS NULL AND sequence > 1 ORDER BY position
            """, counters.filed)
        try connection.run("UPDATE counter SET value = ?1 WHERE name = 'filed'", counters.position)
        isFiled()
    }

    /// The last sequence of a history; 0 without events.
    func lastSequence(of key: Int64) throws(SQLiteFailure) -> Int64 {
        if let sequence = try unfiledEvents().lastSequences[key] { return sequence }
        return try connection.integer("SELECT max(sequence) FROM place WHERE history = ?1", key) ?? 0
    }

    /// The first row that a changeset wrote, if that was for this history and behind this sequence.
    func mark(of changeset: ChangesetID, in key: Int64, after sequence: Int64) throws(SQLiteFailure)
        -> UnfiledEvents.Mark?
    {
        if let mark = try unfiledEvents().marks[changeset], mark.history == key, mark.sequence > sequence {
            return mark
        }
        let statement = try connection.prepared(
            """
            SELECT place.sequence, place.position FROM place CROSS JOIN event ON event.position = place.position
            WHERE place.history = ?1 AND place.sequence > ?2 AND changeset = ?3
            """)
        statement.bind(key, sequence, changeset)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        return UnfiledEvents.Mark(history: key, sequence: statement.int(0), position: statement.int(1))
    }

    func readUnfiledEvents(after filed: Int64) throws(SQLiteFailure) -> UnfiledEvents {
        let statement = try connection.prepared(
            "SELECT history, sequence, position, changeset FROM event WHERE position > ?1 ORDER BY position")
        statement.bind(filed)
        defer { statement.reset() }
        var events = UnfiledEvents()
        while try statement.step() {
            events.add(
                ChangesetID(bytes: statement.bytes(3)),
                UnfiledEvents.Mark(
                    history: statement.int(0), sequence: statement.int(1), position: statement.int(2)))
        }
        return events
    }
}
