import Holdfast
import Synchronization

/// A store behind which a test listens, or whose answers it damages.
final class StoreProxy: Store {
    private let base: any Store
    private let queries = Mutex<[HistoryQuery]>([])

    /// Comes before each commit gets through.
    let beforeCommit: @Sendable (Changeset) async throws -> Void
    let alterSummary: @Sendable (Summary) -> Summary
    let alterEvent: @Sendable (HistoryID, Event) -> Event
    let alterCounts: @Sendable ([Count]) -> [Count]
    let alterBlob: @Sendable (Digest, [UInt8]) throws(StoreError) -> [UInt8]

    init(
        _ base: any Store, beforeCommit: @escaping @Sendable (Changeset) async throws -> Void = { _ in },
        summary: @escaping @Sendable (Summary) -> Summary = { $0 },
        event: @escaping @Sendable (HistoryID, Event) -> Event = { $1 },
        counts: @escaping @Sendable ([Count]) -> [Count] = { $0 },
        blob: @escaping @Sendable (Digest, [UInt8]) throws(StoreError) -> [UInt8] = { $1 }
    ) {
        self.base = base
        self.beforeCommit = beforeCommit
        alterSummary = summary
        alterEvent = event
        alterCounts = counts
        alterBlob = blob
    }

    /// What histories were asked for.
    var historyQueries: [HistoryQuery] { queries.withLock { $0 } }

    func summaries(_ query: SummaryQuery) async throws(StoreError) -> Page<Summary> {
        var page = try await base.summaries(query)
        page.elements = page.elements.map(alterSummary)
        return page
    }

    func history(_ query: HistoryQuery) async throws(StoreError) -> Page<Event> {
        queries.withLock { $0.append(query) }
        var page = try await base.history(query)
        page.elements = page.elements.map { alterEvent(query.history, $0) }
        return page
    }

    func counts(_ query: CountQuery) async throws(StoreError) -> [Count] { alterCounts(try await base.counts(query)) }

    func readBlob(_ digest: Digest, range: Range<Int64>?) async throws(StoreError) -> ByteStream {
        ByteStream(try alterBlob(digest, try await base.readBlob(digest, range: range).collect()))
    }

    func commit(_ changeset: Changeset) async throws(StoreError) -> Receipt {
        do {
            try await beforeCommit(changeset)
        } catch {
            throw error as? StoreError ?? StoreError(.unavailable, subject: "test", cause: error)
        }
        return try await base.commit(changeset)
    }
    func claim(_ request: ClaimRequest) async throws(StoreError) -> [Lease] { try await base.claim(request) }
    func renew(_ request: RenewRequest) async throws(StoreError) -> Renewal { try await base.renew(request) }
    func feed(_ query: FeedQuery) async throws(StoreError) -> FeedPage { try await base.feed(query) }
    func records(_ query: RecordQuery) async throws(StoreError) -> Page<Record> { try await base.records(query) }
    func writeBlob(_ bytes: ByteStream) async throws(StoreError) -> BlobReceipt { try await base.writeBlob(bytes) }
    func maintain(_ request: MaintenanceRequest) async throws(StoreError) -> MaintenanceReport {
        try await base.maintain(request)
    }
    func close() async throws(StoreError) { try await base.close() }
}
