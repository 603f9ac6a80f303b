import Holdfast
import Synchronization
import Testing

/// Opens handles for a case and closes them behind it.
final class OpenHandles: Sendable {
    let harness: StoreHarness
    private let opened = Mutex<[any Store]>([])

    init(_ harness: StoreHarness) { self.harness = harness }

    func open(tenant: Tenant = .default) async throws -> any Store {
        let store = try await harness.open(tenant: tenant)
        opened.withLock { $0.append(store) }
        return store
    }

    func closeAll() async throws {
        for store in opened.withLock({ $0 }) { try await store.close() }
    }
}

/// What a case works with: the opened store, and short ways to do the usual things to it.
struct Workbench: Sendable {
    let handles: OpenHandles
    let store: any Store

    var clock: ManualClock { handles.harness.clock }
    var now: Timestamp { clock.now() }

    /// Closes the store and opens it anew.
    func reopened() async throws -> Workbench {
        try await store.close()
        return Workbench(handles: handles, store: try await handles.open())
    }

    /// A second handle beside this one, or this one where a store can be opened only once.
    func beside() async throws -> Workbench {
        guard handles.harness.opensSeveralAtOnce else { return self }
        return Workbench(handles: handles, store: try await handles.open())
    }
}

// MARK: - Writing

extension Workbench {
    /// Creates a run that waits in the queue.
    @discardableResult
    func create(
        _ id: String, dag: String = "etl", workspace: String? = nil, parent: String? = nil,
        labels: [String: String] = [:]
    ) async throws -> HistoryID {
        let created = RunCreated.sample(dag: dag, workspace: workspace, parent: parent, labels: labels, at: now)
        _ = try await store.commit(.creating(.run(named: id), created, at: now))
        return .run(named: id)
    }

    /// Creates queued runs `r0`, `r1`, ….
    func createMany(_ count: Int) async throws -> [HistoryID] {
        var ids: [HistoryID] = []
        for index in 0..<count { ids.append(try await create("r\(index)")) }
        return ids
    }

    func claim(
        _ id: HistoryID, by worker: String = "worker-1", for timeToLive: Duration = .seconds(30),
        states: Set<RunState>? = nil
    ) async throws -> Lease {
        let request = ClaimRequest(
            worker: .sample(worker), timeToLive: timeToLive, target: .histories([id]), states: states, time: now)
        return try #require(try await store.claim(request).first)
    }

    /// Claims a run and brings it to an active state.
    func start(
        _ id: HistoryID, by worker: String = "worker-1", for timeToLive: Duration = .seconds(30),
        state: RunState = .running
    ) async throws -> Lease {
        let lease = try await claim(id, by: worker, for: timeToLive)
        let columns = Summary.Folded(asOf: lease.sequence + 1, state: state, updatedAt: now, startedAt: now)
        _ = try await store.commit(owned(by: lease, .started, columns: columns))
        return lease
    }

    /// Creates a run and brings it to an active state.
    func createStarted(_ id: String, by worker: String = "worker-1") async throws -> Lease {
        try await start(try await create(id), by: worker)
    }

    /// Ends a run and gives its lease back.
    func finish(_ lease: Lease, as state: RunState = .success) async throws {
        var columns = try await summary(lease.history).folded
        columns.asOf = try await lastSequence(of: lease.history) + 1
        columns.state = state
        columns.updatedAt = now
        columns.endedAt = now
        var changeset = owned(by: lease, .finished(state: state, reason: nil), columns: columns)
        changeset.releases = [Changeset.Release(lease.history, token: lease.token)]
        _ = try await store.commit(changeset)
    }

    /// An owner's commit: an event, and the summary's columns when given.
    func owned(by lease: Lease, _ payload: EventPayload, columns: Summary.Folded? = nil) -> Changeset {
        var changeset = Changeset.appending(
            payload, to: lease.history, token: lease.token, lastKnown: lease.sequence, at: now)
        if let columns {
            changeset.summaries = [.update(SummaryUpdate(lease.history, folded: columns, token: lease.token))]
        }
        return changeset
    }

    func request(_ payload: EventPayload, of id: HistoryID) async throws {
        _ = try await store.commit(.appending(payload, to: id, at: now))
    }

    func release(_ lease: Lease) async throws {
        _ = try await store.commit(Changeset(releases: [Changeset.Release(lease.history, token: lease.token)]))
    }

    func delete(_ lease: Lease) async throws {
        _ = try await store.commit(Changeset(deletions: [Changeset.Deletion(lease.history, token: lease.token)]))
    }

    func put(_ key: String, _ body: JSONValue, kind: String = "doc", expecting version: Int64? = nil) async throws {
        _ = try await store.commit(
            Changeset(records: [.put(Record(kind: kind, key: key, body: body), expectedVersion: version)]))
    }
}

// MARK: - Through the views

extension Workbench {
    var views: Views { Views(store, clock: clock) }

    /// Creates a run as users do, a second after the one before.
    @discardableResult
    func add(_ id: String, dag: String = "etl") async throws -> HistoryID {
        clock.advance(by: .seconds(1))
        return try await views.runs.create(DAGID(unchecked: dag), id: RunID(unchecked: id)).id
    }

    /// Creates a run as users do, and ends it.
    func addEnded(_ id: String, dag: String = "etl", as state: RunState = .success) async throws {
        try await finish(try await start(try await add(id, dag: dag)), as: state)
    }

    /// Of all runs, newest first.
    func ids() async throws -> [String] { try await allSummaries().map(\.id.id) }
}

// MARK: - Reading

extension Workbench {
    func summary(_ id: HistoryID) async throws -> Summary { try await store.summary(of: id) }

    func state(_ id: HistoryID) async throws -> RunState { try await summary(id).visibleState }

    func events(_ id: HistoryID) async throws -> [Event] {
        try await store.history(HistoryQuery(id, limit: HistoryQuery.maximumLimit)).elements
    }

    func lastSequence(of id: HistoryID) async throws -> Int64 { Int64(try await events(id).count) }

    func record(_ key: String, kind: String = "doc") async throws -> Record? {
        try await store.records(RecordQuery(kind: kind, .key(key))).elements.first
    }

    /// All pages of a query, joined.
    func allSummaries(_ query: SummaryQuery = SummaryQuery()) async throws -> [Summary] {
        var query = query
        var all: [Summary] = []
        while true {
            let page = try await store.summaries(query)
            #expect(page.elements.count <= query.limit)
            all += page.elements
            guard let next = page.nextCursor else { return all }
            query.cursor = next
            query.offset = 0
        }
    }

    /// The whole feed, or what stands behind a position.
    func feed(after position: FeedPosition? = nil) async throws -> FeedPage {
        let start = position.map(FeedQuery.Start.after) ?? .beginning
        return try await store.feed(FeedQuery(start, limit: FeedQuery.maximumLimit))
    }

    /// Everything a reader can see, for comparing before and after.
    func contents() async throws -> VisibleContents {
        VisibleContents(
            feed: try await feed(), runs: try await allSummaries(),
            processes: try await allSummaries(SummaryQuery(kind: .process)),
            records: try await store.records(RecordQuery(kind: "doc", limit: 1000)).elements,
            counts: Set(try await store.counts(CountQuery())))
    }
}

struct VisibleContents: Equatable {
    var feed: FeedPage
    var runs: [Summary]
    var processes: [Summary]
    var records: [Record]
    var counts: Set<Count>
}

// MARK: - Expecting

extension Workbench {
    /// Expects an act to throw this code and to change nothing that a reader can see.
    @discardableResult
    func refuses(
        _ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ act: () async throws -> Void
    ) async throws -> StoreError? {
        let before = try await contents()
        let error = await expectError(code, sourceLocation: sourceLocation, act)
        #expect(try await contents() == before, "the refusal changed something", sourceLocation: sourceLocation)
        return error
    }

    func refuses(
        _ code: StoreError.Code, _ changeset: Changeset, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await refuses(code, sourceLocation: sourceLocation) { _ = try await store.commit(changeset) }
    }
}

/// Expects an act to throw a `StoreError` of this code, which is returned.
@discardableResult
func expectError(
    _ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ act: () async throws -> Void
) async -> StoreError? {
    do {
        try await act()
        Issue.record("it succeeded instead of throwing \(code)", sourceLocation: sourceLocation)
        return nil
    } catch let error as StoreError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
        return nil
    }
}

/// Expects what waits with a minute's patience to end long before that: by its reason, not by its timeout.
func promptly<Answer>(
    sourceLocation: SourceLocation = #_sourceLocation, _ act: () async throws -> Answer
) async rethrows -> Answer {
    let started = ContinuousClock.now
    let answer = try await act()
    #expect(ContinuousClock.now - started < .seconds(30), "it sat its time out", sourceLocation: sourceLocation)
    return answer
}
