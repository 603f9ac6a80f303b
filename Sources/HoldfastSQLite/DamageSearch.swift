import Holdfast

/// Looks for contradictions in what one tenant's store holds, and for damage in the whole file.
struct DamageSearch {
    let connection: ReadConnection
    let tenant: Int64

    struct Found: Sendable {
        var report = MaintenanceReport()
        /// What histories use; to be looked for in the folder.
        var blobs: [Digest] = []
    }

    func run() throws(SQLiteFailure) -> Found {
        var found = Found()
        do throws(SQLiteFailure) {
            try checkFile(&found)
            try checkHistories(&found)
            try checkPlaces(&found)
            try checkRequests(&found)
            try checkTallies(&found)
            found.blobs = try usedBlobs()
        } catch {
            // What can't be read at all is the damage that was looked for.
            guard error.primaryCode != nil else { throw error }
            found.report.findings.append(.init(subject: "database", problem: "\(error.storeError("database"))"))
        }
        found.report.checked["blobs"] = found.blobs.count
        return found
    }

    private func checkFile(_ found: inout Found) throws(SQLiteFailure) {
        try forEach("PRAGMA integrity_check") { row in
            if row.text(0) != "ok" { found.report.findings.append(.init(subject: "database", problem: row.text(0))) }
        }
        try forEach("PRAGMA foreign_key_check") { row in
            let problem = "row \(row.int(1)) refers to a row of \(row.text(2)) that is missing"
            found.report.findings.append(.init(subject: "table \(row.text(0))", problem: problem))
        }
    }

    private func checkHistories(_ found: inout Found) throws(SQLiteFailure) {
        var (histories, events) = (0, 0)
        let tokens = try connection.integer("SELECT value FROM counter WHERE name = 'token'") ?? 0
        let statement = try connection.prepared(
            """
            SELECT kind, id, as_of, token, number, first, last, different FROM history LEFT JOIN (
                SELECT history, count(*) AS number, min(sequence) AS first, max(sequence) AS last,
                    count(DISTINCT sequence) AS different
                FROM event GROUP BY history) AS counted ON counted.history = history.key
            WHERE tenant = ?1
            """)
        statement.bind(tenant)
        defer { statement.reset() }
        while try statement.step() {
            let (count, first, last) = (statement.int(4), statement.int(5), statement.int(6))
            let subject = HistoryID(stored: statement.int(0), statement.text(1)).description
            histories += 1
            events += Int(count)
            var problems: [String] = []
            if count == 0 { problems.append("it has no events") }
            if count > 0, first != 1 || last != count { problems.append("its sequences have gaps") }
            if statement.int(7) != count { problems.append("a sequence is there twice") }
            if statement.int(2) > last {
                problems.append("its summary is as of event \(statement.int(2)), but it ends at \(last)")
            }
            if statement.int(3) > tokens { problems.append("its token is higher than any that was issued") }
            found.report.findings += problems.map { .init(subject: subject, problem: $0) }
        }
        found.report.checked["histories"] = histories
        found.report.checked["events"] = events
    }

    /// Places of events that are not there are found as references to missing rows.
    private func checkPlaces(_ found: inout Found) throws(SQLiteFailure) {
        let misplaced = try connection.integer(
            """
            SELECT count(*) FROM event LEFT JOIN place
                ON place.history = event.history AND place.sequence = event.sequence
            WHERE event.position <= (SELECT value FROM counter WHERE name = 'filed')
                AND (place.position IS NOT event.position OR place.task IS NOT event.task)
            """)
        guard let misplaced, misplaced > 0 else { return }
        found.report.findings.append(
            .init(subject: "table place", problem: "\(misplaced) events are not where it says"))
    }

    private func checkRequests(_ found: inout Found) throws(SQLiteFailure) {
        let wrong = try connection.integer(
            """
            SELECT count(*) FROM event LEFT JOIN request ON request.position = event.position
            WHERE event.position <= (SELECT value FROM counter WHERE name = 'filed')
                AND (token IS NULL AND sequence > 1) <> (request.position IS NOT NULL)
            """)
        guard let wrong, wrong > 0 else { return }
        let problem = "of \(wrong) events it does not say rightly whether they are requests"
        found.report.findings.append(.init(subject: "table request", problem: problem))
    }

    private func checkTallies(_ found: inout Found) throws(SQLiteFailure) {
        let statement = try connection.prepared(
            """
            SELECT kind, dag, workspace, state, sum(kept), sum(counted) FROM (
                SELECT kind, dag, workspace, state, count AS kept, 0 AS counted FROM tally WHERE tenant = ?1
                UNION ALL
                SELECT kind, dag, coalesce(workspace, ''), state, 0, 1 FROM history WHERE tenant = ?1)
            GROUP BY kind, dag, workspace, state HAVING sum(kept) <> sum(counted)
            """)
        statement.bind(tenant)
        defer { statement.reset() }
        while try statement.step() {
            let problem =
                "\(statement.int(4)) are counted for \(statement.text(1)), \(statement.text(3)), "
                + "there are \(statement.int(5))"
            found.report.findings.append(.init(subject: "counts", problem: problem))
        }
    }

    private func usedBlobs() throws(SQLiteFailure) -> [Digest] {
        let statement = try connection.prepared(
            """
            SELECT DISTINCT digest FROM blob_use JOIN history ON history.key = blob_use.history WHERE tenant = ?1
            """)
        statement.bind(tenant)
        defer { statement.reset() }
        var digests: [Digest] = []
        while try statement.step() {
            if let digest = Digest(bytes: statement.bytes(0)) { digests.append(digest) }
        }
        return digests
    }

    private func forEach(_ sql: StaticString, _ body: (SQLStatement) -> Void) throws(SQLiteFailure) {
        let statement = try connection.prepared(sql)
        statement.bind()
        defer { statement.reset() }
        while try statement.step() { body(statement) }
    }
}
