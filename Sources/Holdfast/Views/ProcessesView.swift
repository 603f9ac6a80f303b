/// The records of AI processes: prompts, their turns, their results.
///
/// Fields, turns and wishes to cancel are taken from anyone at any time, and cost one commit. The status is its holder's to
/// change: a process that nobody holds is claimed for it, and given back by the same commit; while a live worker holds it,
/// others are refused with `leaseHeld`. Whoever runs a process may `claim` it; when they die, it has `failed` (or is
/// `cancelled`, if that was asked for) for everyone who looks, and `settle` writes that down.
public struct ProcessesView: Sendable {
    let views: Views
    var store: any Store { views.store }

    init(_ views: Views) { self.views = views }
}

// MARK: - Adding

extension ProcessesView {
    /// Adds a process, in whatever status it is, and removes others as the store's limits say. Its prompt gives the preview
    /// that is missing.
    /// - Throws: `alreadyExists`; `invalid` for a field of the wrong shape, and for an end before the start.
    @discardableResult
    public func add(_ record: ProcessRecord) async throws(StoreError) -> ProcessRecord {
        try ProcessRecord.checkTimes(of: record.id, from: record.startTime, to: record.endTime)
        let now = views.clock.now()
        var record = record.withPreview()
        record.conversationTurns = record.conversationTurns.map { $0.stamped(at: now) }
        var changeset = try Changeset.adding(record, at: now)
        changeset.reads = [RetentionSettings.recordName]
        let receipt = try await store.commitSpilling(changeset)
        await views.retention.afterAdding(.process, of: DAGID(unchecked: record.type.rawValue), receipt)
        return record
    }

    /// Takes over a process from another system, as it is; removes none.
    /// - Throws: as `add`.
    public func addImported(_ record: ProcessRecord) async throws(StoreError) {
        _ = try await store.commitSpilling(.adding(record, origin: .imported, at: views.clock.now()))
    }

    /// An id that no other process has.
    public func newID() -> ProcessID { ProcessID(unchecked: views.ids.runID().rawValue) }
}

extension Changeset {
    /// The creation of a process: its first event and its summary. Several make one changeset when their appends and
    /// summaries are joined.
    public static func adding(
        _ record: ProcessRecord, origin: ProcessAdded.Origin = .added, at time: Timestamp
    ) throws(StoreError) -> Changeset {
        let first = EventPayload.processAdded(ProcessAdded(origin: origin, record: record))
        let event = Event(sequence: 1, time: time, token: nil, payload: first)
        let fold = try ProcessFold(id: record.id, events: [event])
        return Changeset(
            appends: [Append(.process(record.id), events: [NewEvent(at: time, first)])],
            summaries: [.create(fold.summary)])
    }
}

// MARK: - Reading

extension ProcessesView {
    /// The whole record, with its turns.
    /// - Throws: `notFound`, with a similar id among the newest if there is one.
    public func get(_ id: ProcessID) async throws(StoreError) -> ProcessRecord { try await detail(id).record }

    /// What a listing has of it.
    /// - Throws: `notFound`, with a similar id among the newest if there is one.
    public func summary(_ id: ProcessID) async throws(StoreError) -> ProcessSummary {
        do throws(StoreError) {
            return ProcessSummary(try await store.summary(of: .process(id)))
        } catch {
            guard error.code == .notFound else { throw error }
            throw StoreError(
                .notFound, subject: error.subject, detail: try await store.nearestID(.process, to: id.rawValue))
        }
    }

    /// The process of this id, else the only one whose id begins so.
    /// - Throws: `notFound`, with a similar id among the newest if there is one; `invalid` when several ids begin so, naming
    ///   up to five, and for a text that is no id.
    public func find(_ prefix: String) async throws(StoreError) -> ProcessSummary {
        ProcessSummary(try await store.findSummary(.process, try ProcessID(prefix).rawValue))
    }

    public func exists(_ id: ProcessID) async throws(StoreError) -> Bool {
        try await !store.summaries(SummaryQuery(kind: .process, ids: [id.rawValue], limit: 1)).elements.isEmpty
    }

    /// Summary and fold of a process, as of one moment.
    /// - Throws: as `get`; what folding throws when the history is damaged.
    public func detail(_ id: ProcessID) async throws(StoreError) -> ProcessDetail {
        var summary = try await summary(id).summary
        var fold = try await store.fold(id)
        // A worker that came in between would be missing from the summary, and its process look abandoned.
        for _ in 0..<3 where fold.token != summary.lease?.token {
            summary = try await store.summary(of: .process(id))
            fold = try await store.fold(id)
        }
        return try ProcessDetail(summary: summary, fold: fold)
    }
}
