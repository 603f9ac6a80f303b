import Holdfast
import HoldfastLocal

/// Performs batches of write requests, each batch in one transaction. Confined to the writer's queue.
///
/// Of each request every condition is checked before its first write, against the state that the earlier requests of
/// the batch have left. So a refused one has written nothing, and its neighbours don't notice it.
final class Committer {
    let connection: WriteConnection
    let tenant: Int64
    let liveness: Liveness
    let blobs: BlobFolder
    let filing: Filing
    private let clock: any WallClock

    // What was read under the write lock stays true until somebody else writes.
    private var dataVersion: Int64 = -1
    var heads = HistoryHeads()
    private var counters: Counters?
    private var unfiled: UnfiledEvents?

    // The transaction.
    private(set) var now = Timestamp(milliseconds: 0)
    var tallies: [Tally: Int] = [:]
    private(set) var news = FeedBell.News()
    /// How many events it has so far.
    private(set) var written: Int64 = 0

    struct Counters {
        /// The highest position given out.
        var position: Int64
        /// Up to where all events are in `place`.
        var filed: Int64
        /// The highest token issued.
        var token: Int64
        var isTokenChanged = false
    }

    init(
        _ connection: WriteConnection, tenant: Int64, liveness: Liveness, blobs: BlobFolder, filing: Filing,
        clock: any WallClock
    ) {
        self.connection = connection
        self.tenant = tenant
        self.liveness = liveness
        self.blobs = blobs
        self.filing = filing
        self.clock = clock
    }

    /// - Throws: when the whole batch failed; then none of it was written.
    func perform(_ batch: [WriteTicket]) throws(SQLiteFailure) {
        try begin()
        for ticket in batch {
            do throws(SQLiteFailure) {
                ticket.reply = .success(try perform(ticket.request))
            } catch {
                guard case .refused(let refusal) = error else { throw error }
                ticket.reply = .failure(refusal)
            }
        }
        try flush()
    }

    private func perform(_ request: WriteRequest) throws(SQLiteFailure) -> WriteReply {
        switch request {
        case .commit(let encoded): .receipt(try commit(encoded))
        case .claim(let request): .leases(try claim(request))
        case .renew(let request): .renewal(try renew(request))
        }
    }

    // MARK: - The transaction

    private func begin() throws(SQLiteFailure) {
        now = clock.now()
        tallies.removeAll(keepingCapacity: true)
        news = FeedBell.News()
        written = 0
        let version = try connection.integer("PRAGMA data_version")
        guard version != dataVersion else { return }
        news.hasOthers = true
        forget()
        dataVersion = version ?? -1
    }

    /// Forgets what a failed transaction may have made untrue.
    func forget() {
        heads.removeAll()
        counters = nil
        unfiled = nil
        dataVersion = -1
    }

    private func flush() throws(SQLiteFailure) {
        for (tally, change) in tallies where change != 0 { try add(change, to: tally) }
        guard let counters else { return }
        try fileIfDue(counters)
        guard counters.isTokenChanged else { return }
        try connection.run("UPDATE counter SET value = ?1 WHERE name = 'token'", counters.token)
        self.counters?.isTokenChanged = false
    }

    // MARK: - Counters

    private func readCounters() throws(SQLiteFailure) -> Counters {
        if let counters { return counters }
        let position = try connection.integer(
            """
            SELECT max(coalesce((SELECT max(position) FROM event), 0),
                coalesce((SELECT max(position) FROM tombstone), 0),
                (SELECT value FROM counter WHERE name = 'trimmed'))
            """)
        let filed = try connection.integer("SELECT value FROM counter WHERE name = 'filed'")
        let token = try connection.integer("SELECT value FROM counter WHERE name = 'token'")
        guard let position, let filed, let token else {
            throw .refused(StoreError(.corrupt, subject: "table counter", detail: "a row is missing"))
        }
        let read = Counters(position: position, filed: filed, token: token)
        counters = read
        return read
    }

    /// The highest position given out.
    func lastPosition() throws(SQLiteFailure) -> Int64 { try readCounters().position }

    /// A position for an entry of the feed.
    func nextPosition(isRequest: Bool = false) throws(SQLiteFailure) -> Int64 {
        let position = try readCounters().position + 1
        counters?.position = position
        news.hasEntries = true
        news.hasRequests = news.hasRequests || isRequest
        return position
    }

    func nextToken() throws(SQLiteFailure) -> Int64 {
        let token = try readCounters().token + 1
        counters?.token = token
        counters?.isTokenChanged = true
        return token
    }

    // MARK: - Events behind `place`

    /// Those that are not in `place` yet: read when they are asked for, and kept up from then on.
    func unfiledEvents() throws(SQLiteFailure) -> UnfiledEvents {
        if let unfiled { return unfiled }
        let read = try readUnfiledEvents(after: try readCounters().filed)
        unfiled = read
        return read
    }

    /// An event was written.
    func added(_ changeset: ChangesetID?, _ mark: UnfiledEvents.Mark) {
        written += 1
        unfiled?.add(changeset, mark)
    }

    /// All events were put into `place`.
    func isFiled() {
        unfiled = nil
        if let position = counters?.position { counters?.filed = position }
    }

    // MARK: - Heads

    func head(of id: HistoryID) throws(SQLiteFailure) -> HistoryHead? {
        if let head = heads[id] { return head }
        let statement = try connection.prepared(
            """
            SELECT key, token FROM history WHERE tenant = ?1 AND kind = ?2 AND id = ?3
            """)
        statement.bind(tenant, id.kind.code, id.id)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let key = statement.int(0)
        let head = HistoryHead(key: key, sequence: try lastSequence(of: key), token: statement.int(1))
        heads[id] = head
        return head
    }

    /// - Throws: `notFound`.
    func knownHead(of id: HistoryID) throws(SQLiteFailure) -> HistoryHead {
        guard let head = try head(of: id) else { throw .refused(StoreError(.notFound, subject: id.description)) }
        return head
    }
}

extension HistoryID.Kind {
    /// As stored.
    var code: Int64 {
        switch self {
        case .run: 0
        case .process: 1
        }
    }
}
