import Holdfast

extension Committer {
    func claim(_ request: ClaimRequest) throws(SQLiteFailure) -> [Lease] {
        let liveness = try liveness.snapshot(connection, at: now)
        let targets: [Claimable]
        switch request.target {
        case .histories(let ids):
            if let leases = try earlierLeases(of: request, ids) { return leases }
            targets = try claimable(ids, request, liveness)
        case .queue(let dag, let limit):
            if let leases = try earlierQueueLeases(of: request) { return leases }
            guard request.states?.contains(.queued) ?? true else { return [] }
            targets = try queued(dag: dag, limit: limit, liveness)
        }
        guard !targets.isEmpty else { return [] }
        let worker = try extend(request.worker, to: now + request.timeToLive, shortening: false)
        var leases: [Lease] = []
        for target in targets { leases.append(try take(target, for: request, worker: worker)) }
        return leases
    }

    /// A history without a live lease.
    private struct Claimable {
        var id: HistoryID
        /// The worker that left it, if it did not give it back in good order.
        var abandonedBy: WorkerID?
    }

    private func claimable(
        _ ids: [HistoryID], _ request: ClaimRequest, _ liveness: LivenessSnapshot
    ) throws(SQLiteFailure) -> [Claimable] {
        var targets: [Claimable] = []
        for (index, id) in ids.enumerated() {
            guard !ids[..<index].contains(id) else {
                throw .refused(StoreError(.invalid, subject: id.description, detail: "claimed twice in one request"))
            }
            let summary = try lightSummary(of: id, liveness)
            try check(summary, request)
            targets.append(Claimable(id: id, abandonedBy: Self.abandoningWorker(of: summary, request)))
        }
        return targets
    }

    private func check(_ summary: Summary, _ request: ClaimRequest) throws(SQLiteFailure) {
        if let lease = summary.lease, lease.isLive {
            let end = lease.expiresAt.map { " until \($0)" } ?? ""
            throw .refused(
                StoreError(
                    .leaseHeld, subject: summary.id.description,
                    detail: "worker \(lease.worker) (\(lease.location ?? "unknown"))\(end)"))
        }
        let state = summary.visibleState
        guard request.states?.contains(state) ?? true else {
            throw .refused(
                StoreError(.conflict, subject: summary.id.description, detail: "it is \(state.rawValue)"))
        }
    }

    private static func abandoningWorker(of summary: Summary, _ request: ClaimRequest) -> WorkerID? {
        if let lease = summary.lease, lease.expiresAt != nil { return lease.worker }
        // An active run that nobody holds is shown as interrupted; the takeover is what its fold learns it from.
        return summary.folded.state.isActive ? summary.lease?.worker ?? request.worker.id : nil
    }

    /// Oldest first.
    private func queued(
        dag: DAGID?, limit: Int, _ liveness: LivenessSnapshot
    ) throws(SQLiteFailure) -> [Claimable] {
        let statement: SQLStatement
        if let dag {
            statement = try connection.prepared(
                """
                SELECT history.id, holder, worker.id FROM history LEFT JOIN worker ON worker.key = holder
                WHERE history.tenant = ?1 AND kind = 0 AND dag = ?2 AND state = 'queued' ORDER BY created_at, history.id
                """)
            statement.bind(tenant, dag.rawValue)
        } else {
            statement = try connection.prepared(
                """
                SELECT history.id, holder, worker.id FROM history LEFT JOIN worker ON worker.key = holder
                WHERE history.tenant = ?1 AND kind = 0 AND state = 'queued' ORDER BY created_at, history.id
                """)
            statement.bind(tenant)
        }
        defer { statement.reset() }
        var targets: [Claimable] = []
        while targets.count < limit, try statement.step() {
            if let holder = statement.optionalInt(1), !liveness.dead.contains(holder) { continue }
            targets.append(
                Claimable(
                    id: .run(RunID(unchecked: statement.text(0))),
                    abandonedBy: statement.optionalText(2).map(WorkerID.init(unchecked:))))
        }
        return targets
    }

    private func lightSummary(of id: HistoryID, _ liveness: LivenessSnapshot) throws(SQLiteFailure) -> Summary {
        let statement = try connection.prepared(
            """
            SELECT history.id, history.kind, dag, workspace, parent, trigger, logical_date, history.created_at, as_of, state,
                updated_at, started_at, ended_at, pinned, cancel_requested_at, wake_at, token, holder, worker.id,
                worker.host, worker.process_id, worker.expires_at
            FROM history LEFT JOIN worker ON worker.key = history.worker WHERE history.key = ?1
            """)
        statement.bind(try knownHead(of: id).key)
        defer { statement.reset() }
        guard try statement.step() else { throw .refused(StoreError(.notFound, subject: id.description)) }
        return try decodingStored { () throws(StoreError) in try SummaryRow(statement: statement).light(liveness) }
    }

    // MARK: - Taking

    private func take(_ target: Claimable, for request: ClaimRequest, worker: WorkerRow) throws(SQLiteFailure) -> Lease
    {
        let head = try knownHead(of: target.id)
        head.token = try nextToken()
        let claimed = Claimed(
            worker: request.worker.id, location: request.worker.location, takenOverFrom: target.abandonedBy)
        let token = LeaseToken(rawValue: head.token)
        let event = EncodedChangeset.Event(
            time: request.time, token: head.token, isRequest: false, task: nil,
            body: EventCodec.encode(.claimed(claimed)))
        try insert(event, at: head, nil)
        try connection.run(
            """
            UPDATE history SET token = ?2, worker = ?3, holder = ?3, claim = ?4, claim_sequence = ?5 WHERE key = ?1
            """, head.key, head.token, worker.key, request.id, head.sequence)
        return Lease(
            history: target.id, token: token, sequence: head.sequence, takenOverFrom: target.abandonedBy,
            expiresAt: worker.expiresAt)
    }

    struct WorkerRow {
        var key: Int64
        var expiresAt: Timestamp
    }

    /// - Parameter shortening: whether what the worker has may end sooner than it would have.
    func extend(_ worker: WorkerInfo, to end: Timestamp, shortening: Bool) throws(SQLiteFailure) -> WorkerRow {
        let statement = try connection.prepared(
            """
            INSERT INTO worker (tenant, id, host, boot_id, process_id, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (tenant, id) DO UPDATE SET host = excluded.host, boot_id = excluded.boot_id,
                process_id = excluded.process_id,
                expires_at = CASE WHEN ?7 THEN excluded.expires_at ELSE max(expires_at, excluded.expires_at) END
            RETURNING key, expires_at
            """)
        statement.bind(
            tenant, worker.id.rawValue, worker.host, worker.bootID, Int64(worker.processID), end, shortening)
        defer { statement.reset() }
        guard try statement.step() else {
            throw .refused(StoreError(.corrupt, subject: "worker \(worker.id)", detail: "its row was not written"))
        }
        let row = WorkerRow(key: statement.int(0), expiresAt: statement.time(1))
        while try statement.step() {}
        return row
    }

    // MARK: - Repeated claims

    /// What the same request was given, while its leases are the newest.
    private func earlierLeases(of request: ClaimRequest, _ ids: [HistoryID]) throws(SQLiteFailure) -> [Lease]? {
        var leases: [Lease] = []
        for id in ids {
            guard let head = try head(of: id) else { return nil }
            let statement = try connection.prepared(
                """
                SELECT token, claim_sequence, expires_at FROM history JOIN worker ON worker.key = history.worker
                WHERE history.key = ?1 AND claim = ?2
                """)
            statement.bind(head.key, request.id)
            defer { statement.reset() }
            guard try statement.step() else { return nil }
            leases.append(try lease(of: id, head.key, from: statement))
        }
        return leases.isEmpty ? nil : leases
    }

    private func earlierQueueLeases(of request: ClaimRequest) throws(SQLiteFailure) -> [Lease]? {
        let statement = try connection.prepared(
            """
            SELECT token, claim_sequence, expires_at, history.key, history.id
            FROM worker JOIN history ON holder = worker.key
            WHERE worker.tenant = ?1 AND worker.id = ?2 AND claim = ?3 ORDER BY token
            """)
        statement.bind(tenant, request.worker.id.rawValue, request.id)
        defer { statement.reset() }
        var leases: [Lease] = []
        while try statement.step() {
            let id = HistoryID.run(RunID(unchecked: statement.text(4)))
            leases.append(try lease(of: id, statement.int(3), from: statement))
        }
        return leases.isEmpty ? nil : leases
    }

    private func lease(of id: HistoryID, _ key: Int64, from row: SQLStatement) throws(SQLiteFailure) -> Lease {
        let sequence = row.int(1)
        let statement = try connection.prepared(
            """
            SELECT body FROM event
            WHERE position = (SELECT position FROM place WHERE history = ?1 AND sequence = ?2)
            UNION ALL
            SELECT body FROM event
            WHERE position > (SELECT value FROM counter WHERE name = 'filed') AND history = ?1 AND sequence = ?2
            """)
        statement.bind(key, sequence)
        defer { statement.reset() }
        var takenOverFrom: WorkerID?
        if try statement.step() {
            let payload = try decodingStored { () throws(StoreError) in try EventCodec.decode(statement.bytes(0)) }
            if case .claimed(let claimed) = payload { takenOverFrom = claimed.takenOverFrom }
        }
        return Lease(
            history: id, token: LeaseToken(rawValue: row.int(0)), sequence: sequence, takenOverFrom: takenOverFrom,
            expiresAt: row.time(2))
    }
}
