public import Holdfast
import Synchronization

/// The reference backend: everything in memory, nothing behind the contract's back.
///
/// All of it is one value, `Contents`, behind one mutex; a requirement is one call of a function of that value, so each is
/// atomic by construction. Other backends are held against what this one does. It is also what tests and short-lived
/// embeddings use: nothing survives the process.
///
/// Workers are judged by the end of their lease alone.
public final class MemoryStore: Store {
    let options: StoreOptions
    let shared: SharedContents
    let handle: HandleID

    /// An empty store.
    /// - Parameter keptFeedEntries: how many entries the feed keeps at most, the newest; older positions are answered
    ///   `trimmed`. Nil: all of them.
    public convenience init(options: StoreOptions = StoreOptions(), keptFeedEntries: Int? = nil) {
        self.init(options: options, shared: SharedContents(keptFeedEntries: keptFeedEntries))
    }

    /// Another handle on the contents of a store, as another process would open it; also after that one was closed.
    /// - Parameter options: may name another tenant, which sees nothing of the first.
    public convenience init(sharing other: MemoryStore, options: StoreOptions = StoreOptions()) {
        self.init(options: options, shared: other.shared)
    }

    private init(options: StoreOptions, shared: SharedContents) {
        self.options = options
        self.shared = shared
        handle = shared.openHandle()
    }

    /// Opens an empty store from `memory:`.
    public static let backend = StoreBackend(schemes: ["memory"]) { rest, options throws(StoreError) in
        guard rest.isEmpty else {
            throw StoreError(.invalid, subject: "store \(quoted("memory:" + rest))", detail: "memory: takes no path")
        }
        return OpenedStore(store: MemoryStore(options: options), logFolder: nil, url: "memory:")
    }

    public func commit(_ changeset: Changeset) async throws(StoreError) -> Receipt {
        try changeset.validate()
        try changeset.checkSizes()
        let now = options.clock.now()
        return try write { contents throws(StoreError) in try contents.commit(changeset, at: now) }
    }

    public func claim(_ request: ClaimRequest) async throws(StoreError) -> [Lease] {
        let now = options.clock.now()
        return try write { contents throws(StoreError) in try contents.claim(request, at: now) }
    }

    public func renew(_ request: RenewRequest) async throws(StoreError) -> Renewal {
        let now = options.clock.now()
        return try write { contents throws(StoreError) in contents.renew(request, at: now) }
    }

    public func summaries(_ query: SummaryQuery) async throws(StoreError) -> Page<Summary> {
        try query.validate()
        let now = options.clock.now()
        return try read { contents throws(StoreError) in try contents.summaries(query, at: now) }
    }

    public func history(_ query: HistoryQuery) async throws(StoreError) -> Page<Event> {
        try query.validate()
        return try read { contents throws(StoreError) in try contents.history(query) }
    }

    public func records(_ query: RecordQuery) async throws(StoreError) -> Page<Record> {
        try query.validate()
        let now = options.clock.now()
        return try read { contents throws(StoreError) in try contents.records(query, at: now) }
    }

    public func counts(_ query: CountQuery) async throws(StoreError) -> [Count] {
        let now = options.clock.now()
        return try read { contents throws(StoreError) in contents.counts(query, at: now) }
    }

    public func writeBlob(_ bytes: ByteStream) async throws(StoreError) -> BlobReceipt {
        try write { _ throws(StoreError) in }
        let all = try await bytes.collect()
        let digest = Digest(of: all)
        let blob = Blob(bytes: all, writtenAt: options.clock.now())
        try write { contents throws(StoreError) in contents.blobs[digest] = blob }
        return BlobReceipt(digest: digest, size: Int64(all.count))
    }

    public func readBlob(_ digest: Digest, range: Range<Int64>?) async throws(StoreError) -> ByteStream {
        try read { contents throws(StoreError) in ByteStream(try contents.bytes(of: digest, range: range)) }
    }

    public func maintain(_ request: MaintenanceRequest) async throws(StoreError) -> MaintenanceReport {
        let now = options.clock.now()
        return try write { contents throws(StoreError) in contents.maintain(request, at: now) }
    }

    public func close() async throws(StoreError) { shared.closeHandle(handle) }
}

extension MemoryStore {
    /// Takes the lock for a write, whether its caller is cancelled or not.
    func write<Answer: Sendable>(
        _ body: (inout Contents) throws(StoreError) -> Answer
    ) throws(StoreError) -> Answer {
        try shared.withContents(of: options.tenant, for: handle, body)
    }

    /// Takes the lock for a read.
    /// - Throws: `unavailable` when the caller is cancelled.
    func read<Answer: Sendable>(_ body: (Contents) throws(StoreError) -> Answer) throws(StoreError) -> Answer {
        try checkCancellation()
        return try shared.withContents(of: options.tenant, for: handle) { contents throws(StoreError) in
            try body(contents)
        }
    }

    func checkCancellation() throws(StoreError) {
        guard Task.isCancelled else { return }
        throw StoreError(.unavailable, subject: "memory store", detail: "cancelled", cause: CancellationError())
    }
}

extension Changeset {
    /// - Throws: `tooLarge` for a payload over the inline limit.
    func checkSizes() throws(StoreError) {
        for append in appends {
            for event in append.events {
                try EventCodec.check(EventCodec.encode(event.payload), of: event.payload, in: append.history)
            }
        }
    }
}
