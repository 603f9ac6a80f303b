/// Where histories, summaries, records and blobs are kept: all that a backend implements.
///
/// What holds for every requirement:
/// - *Tenant.* A store is opened for one tenant and sees only that one.
/// - *Reads* see whole commits only, never block writers, and hold no snapshot longer than one page.
/// - *Cancellation.* A cancelled caller gets `CancellationError` as the cause of `unavailable` from a read or from a wait.
///   A write that was accepted runs to its end, and its caller gets the answer.
/// - *Errors* are `StoreError`. Beside the codes a requirement names, each may throw `unavailable` (locked for too long,
///   closed, no access), `corrupt` (what is stored is damaged) and, after a failed fsync, `unavailable` until reopened.
public protocol Store: Sendable {
    /// Appends events, changes summaries and records: all or nothing.
    ///
    /// - *Atomic and durable*: when it returns, all of it is on disk (unless the store was opened with a weaker, named
    ///   durability); when it throws, none of it is, except after `outcomeUnknown`.
    /// - *Conditional*: every condition is checked before the first write: `alreadyExists`, `notFound`, `conflict` (state,
    ///   sequence or version), `leaseLost` (an own event's token is not the highest ever issued for the history, whether
    ///   its lease is alive or not; it goes before `conflict`), `invalid`, `tooLarge` (a payload over 64 KiB; put it in a blob). A refusal touches no other
    ///   changeset, whatever it shares a transaction with.
    /// - *Read along*: the records that the changeset names under `reads` are read under the lock it is written under; that
    ///   one can't be read hinders no commit.
    /// - *Ordered*: sequences of a history are 1, 2, 3 …; positions rise over the whole store.
    /// - *Idempotent*: committing the same changeset again returns the first receipt; it is looked for before fence and
    ///   conditions. Changesets without events are remembered for a day.
    /// - Also throws `full`, and `outcomeUnknown` when the answer of the medium was lost: commit again to learn it.
    func commit(_ changeset: Changeset) async throws(StoreError) -> Receipt

    /// Takes histories for a worker: for each a new token, a `claimed` event and the lease in the summary, in one commit.
    ///
    /// By id, all are taken or none: `notFound`, `conflict` (not in one of the states asked for), `leaseHeld` (a live
    /// worker has it; the detail says which and until when). From a queue, up to the limit are taken, possibly none.
    /// *Idempotent* by the request's id while its leases are the newest.
    func claim(_ request: ClaimRequest) async throws(StoreError) -> [Lease]

    /// Extends all leases of a worker by one write of one row, without an event; judged on the store's clock.
    ///
    /// What the store holds for the worker and the worker does not name is released. A worker must not renew while a claim of
    /// its own is under way.
    func renew(_ request: RenewRequest) async throws(StoreError) -> Renewal

    /// Runs or processes, filtered and ordered, a page at a time; costs the same on page 1 and page 10,000.
    ///
    /// A run whose stored state is active while its worker is dead is shown, filtered and counted as `interrupted`.
    /// Throws `invalidCursor`.
    func summaries(_ query: SummaryQuery) async throws(StoreError) -> Page<Summary>

    /// Events of one history by rising sequence, without cursors: as many as the limit may have more behind them, from the
    /// last one's sequence + 1 on. Throws `notFound` for an unknown history.
    func history(_ query: HistoryQuery) async throws(StoreError) -> Page<Event>

    /// Events of the whole store by rising position, and deletions; may wait for the next one. Following it neither misses nor
    /// repeats an event. Throws `trimmed` for a position older than what is kept.
    func feed(_ query: FeedQuery) async throws(StoreError) -> FeedPage

    /// Documents by key or by order key. Expired ones are not returned. Throws `invalidCursor`.
    func records(_ query: RecordQuery) async throws(StoreError) -> Page<Record>

    /// How many runs or processes there are by DAG, workspace and state: kept, not counted.
    func counts(_ query: CountQuery) async throws(StoreError) -> [Count]

    /// Stores bytes under their SHA-256; durable (file and folder) when it returns. Writing what exists renews its age.
    /// Throws `full`; an error of the stream itself is the cause of `unavailable`.
    func writeBlob(_ bytes: ByteStream) async throws(StoreError) -> BlobReceipt

    /// The bytes of a blob, or a range of them (clamped to its size). Throws `notFound`, here or while it is read.
    func readBlob(_ digest: Digest, range: Range<Int64>?) async throws(StoreError) -> ByteStream

    /// Upkeep: looks for damage, gives back space, removes blobs that nobody has used for a day. Each part may run
    /// while others read and write. Finding damage is a result, not an error.
    func maintain(_ request: MaintenanceRequest) async throws(StoreError) -> MaintenanceReport

    /// Refuses new work with `unavailable`, lets accepted work end, releases every file and lock. Again: no effect.
    func close() async throws(StoreError)

    /// How much finished history is kept where nobody has set limits. Everything, unless a backend says otherwise.
    var defaultRetention: RetentionLimits { get }
}

extension Store {
    public var defaultRetention: RetentionLimits { .everything }
}

extension Store {
    /// The whole blob.
    public func readBlob(_ digest: Digest) async throws(StoreError) -> [UInt8] {
        try await readBlob(digest, range: nil).collect()
    }
}
