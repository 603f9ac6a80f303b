import Holdfast
import Synchronization

/// A store on which something happens just before the first claim gets through.
final class RacedStore: Store {
    private let base: any Store
    private let event: Mutex<(@Sendable () async throws(StoreError) -> Void)?>

    init(_ base: any Store, beforeClaim event: @escaping @Sendable () async throws(StoreError) -> Void) {
        self.base = base
        self.event = Mutex(event)
    }

    func claim(_ request: ClaimRequest) async throws(StoreError) -> [Lease] {
        let event = event.withLock { event in
            defer { event = nil }
            return event
        }
        try await event?()
        return try await base.claim(request)
    }

    func commit(_ changeset: Changeset) async throws(StoreError) -> Receipt { try await base.commit(changeset) }
    func renew(_ request: RenewRequest) async throws(StoreError) -> Renewal { try await base.renew(request) }
    func summaries(_ query: SummaryQuery) async throws(StoreError) -> Page<Summary> { try await base.summaries(query) }
    func history(_ query: HistoryQuery) async throws(StoreError) -> Page<Event> { try await base.history(query) }
    func feed(_ query: FeedQuery) async throws(StoreError) -> FeedPage { try await base.feed(query) }
    func records(_ query: RecordQuery) async throws(StoreError) -> Page<Record> { try await base.records(query) }
    func counts(_ query: CountQuery) async throws(StoreError) -> [Count] { try await base.counts(query) }
    func writeBlob(_ bytes: ByteStream) async throws(StoreError) -> BlobReceipt { try await base.writeBlob(bytes) }
    func readBlob(_ digest: Digest, range: Range<Int64>?) async throws(StoreError) -> ByteStream {
        try await base.readBlob(digest, range: range)
    }
    func maintain(_ request: MaintenanceRequest) async throws(StoreError) -> MaintenanceReport {
        try await base.maintain(request)
    }
    func close() async throws(StoreError) { try await base.close() }
}
