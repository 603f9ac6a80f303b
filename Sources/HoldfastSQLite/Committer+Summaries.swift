import Holdfast

/// What the kept counts count by.
struct Tally: Hashable {
    var kind: Int64
    var dag: String
    /// Empty: none.
    var workspace: String
    var state: String
}

/// The part of a stored summary that changing it has to know.
struct StoredSummary {
    var key: Int64
    var tally: Tally
    var endedAt: Int64?
    var duration: Int64?
}

extension Committer {
    func check(_ change: SummaryChange) throws(SQLiteFailure) {
        switch change {
        // Its first event goes with it, and was checked.
        case .create: break
        case .update(let update):
            if update.folded != nil { try checkFence(update.id, token: update.token) }
            guard let expected = update.expectedStates else {
                _ = try knownHead(of: update.id)
                return
            }
            let state = try stored(update.id).tally.state
            guard expected.contains(where: { $0.rawValue == state }) else {
                throw .refused(StoreError(.conflict, subject: update.id.description, detail: "it is \(state)"))
            }
        }
    }

    /// - Throws: `notFound`.
    func stored(_ id: HistoryID) throws(SQLiteFailure) -> StoredSummary {
        let key = try knownHead(of: id).key
        let statement = try connection.prepared(
            "SELECT kind, dag, workspace, state, ended_at, duration FROM history WHERE key = ?1")
        statement.bind(key)
        defer { statement.reset() }
        guard try statement.step() else { throw .refused(StoreError(.notFound, subject: id.description)) }
        let tally = Tally(
            kind: statement.int(0), dag: statement.text(1), workspace: statement.text(2), state: statement.text(3))
        return StoredSummary(
            key: key, tally: tally, endedAt: statement.optionalInt(4), duration: statement.optionalInt(5))
    }

    func write(_ change: SummaryChange, _ texts: SummaryTexts) throws(SQLiteFailure) {
        switch change {
        case .create(let summary): try create(summary, texts)
        case .update(let update):
            if let folded = update.folded { try write(folded, texts.folded, of: try stored(update.id)) }
            try writeRequests(update)
        }
    }

    // MARK: - Creating

    private func create(_ summary: Summary, _ texts: SummaryTexts) throws(SQLiteFailure) {
        let key = try connection.integer("SELECT coalesce(max(key), 0) + 1 FROM history") ?? 1
        let folded = summary.folded
        try connection.run(
            """
            INSERT INTO history (key, tenant, kind, id, dag, workspace, parent, trigger, logical_date, labels,
                created_at, as_of, state, updated_at, started_at, ended_at, duration, folded, pinned, metadata,
                cancel_requested_at, wake_at, began)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                ?22, ?23)
            """, key, tenant, summary.id.kind.code, summary.id.id, summary.dag.rawValue, summary.workspace?.rawValue,
            summary.parent?.rawValue, summary.trigger, summary.logicalDate,
            texts.labels, summary.createdAt, folded.asOf, folded.state.rawValue, folded.updatedAt, folded.startedAt,
            folded.endedAt, folded.duration?.wholeMilliseconds, texts.folded, summary.isPinned, texts.metadata,
            summary.cancelRequestedAt, summary.wakeAt, try lastPosition() + 1)
        for (name, value) in summary.labels {
            try connection.run(
                """
                INSERT INTO label (tenant, kind, name, value, created_at, id, history)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                """, tenant, summary.id.kind.code, name, value, summary.createdAt, summary.id.id, key)
        }
        heads[summary.id] = HistoryHead(key: key, sequence: 0, token: 0)
        tallies[Tally(of: summary), default: 0] += 1
    }

    // MARK: - Updating

    /// Leaves the indexed columns alone while they stay the same: each would cost the rewriting of its indexes.
    private func write(
        _ folded: Summary.Folded, _ rest: UTF8Text?, of stored: StoredSummary
    ) throws(SQLiteFailure) {
        let (ended, duration) = (folded.endedAt?.milliseconds, folded.duration?.wholeMilliseconds)
        let state = folded.state.rawValue
        try connection.run(
            "UPDATE history SET as_of = ?2, updated_at = ?3, started_at = ?4, folded = ?5 WHERE key = ?1",
            stored.key, folded.asOf, folded.updatedAt, folded.startedAt, rest)
        guard state != stored.tally.state || ended != stored.endedAt || duration != stored.duration else { return }
        if ended == stored.endedAt, duration == stored.duration {
            try connection.run("UPDATE history SET state = ?2 WHERE key = ?1", stored.key, state)
        } else {
            try connection.run(
                "UPDATE history SET state = ?2, ended_at = ?3, duration = ?4 WHERE key = ?1", stored.key, state, ended,
                duration)
        }
        guard state != stored.tally.state else { return }
        tallies[stored.tally, default: 0] -= 1
        var next = stored.tally
        next.state = state
        tallies[next, default: 0] += 1
    }

    private func writeRequests(_ update: SummaryUpdate) throws(SQLiteFailure) {
        guard update.changesRequests else { return }
        let key = try knownHead(of: update.id).key
        if let isPinned = update.isPinned {
            try connection.run("UPDATE history SET pinned = ?2 WHERE key = ?1", key, isPinned)
        }
        if update.cancelRequestedAt != .keep {
            let time = update.cancelRequestedAt.applied(to: nil)
            try connection.run("UPDATE history SET cancel_requested_at = ?2 WHERE key = ?1", key, time)
        }
        if update.wakeAt != .keep {
            let time = update.wakeAt.applied(to: nil)
            try connection.run("UPDATE history SET wake_at = ?2 WHERE key = ?1", key, time)
        }
        if !update.metadata.isEmpty { try merge(update.metadata, into: key) }
    }

    private func merge(_ changes: [String: JSONValue], into key: Int64) throws(SQLiteFailure) {
        let statement = try connection.prepared("SELECT metadata FROM history WHERE key = ?1")
        statement.bind(key)
        defer { statement.reset() }
        _ = try statement.step()
        var metadata = try decodingStored { () throws(StoreError) in try statement.storedObject(0) }
        statement.reset()
        for (name, value) in changes { metadata[name] = value.isNull ? nil : value }
        try connection.run("UPDATE history SET metadata = ?2 WHERE key = ?1", key, storedObject(metadata))
    }

    // MARK: - Counting

    func count(_ change: Int, _ stored: StoredSummary) throws(SQLiteFailure) {
        tallies[stored.tally, default: 0] += change
    }

    func add(_ change: Int, to tally: Tally) throws(SQLiteFailure) {
        try connection.run(
            """
            INSERT INTO tally (tenant, kind, dag, workspace, state, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT DO UPDATE SET count = count + excluded.count
            """, tenant, tally.kind, tally.dag, tally.workspace, tally.state, change)
    }
}

extension Tally {
    init(of summary: Summary) {
        self.init(
            kind: summary.id.kind.code, dag: summary.dag.rawValue, workspace: summary.workspace?.rawValue ?? "",
            state: summary.folded.state.rawValue)
    }
}

extension SummaryUpdate {
    fileprivate var changesRequests: Bool {
        isPinned != nil || cancelRequestedAt != .keep || wakeAt != .keep || !metadata.isEmpty
    }
}
