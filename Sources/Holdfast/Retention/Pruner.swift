/// Removes what has ended and is over a limit, oldest first, in batches small enough not to keep other writers waiting.
///
/// Whatever others do meanwhile, no more goes than the limits want: what is over a limit is counted after it was listed, what
/// another one removes counts as removed here, and what was resumed, pinned or taken up in between stays.
struct Pruner {
    private let views: Views
    private let now: Timestamp
    private(set) var report: PruneReport

    /// Histories of a batch at most, and their events together (unless one alone has more).
    private static let batchSize = 50
    private static let batchEvents: Int64 = 4000
    /// Only these states end what may go.
    private static let states = Set(RunState.allCases.filter(\.isTerminal))

    private var store: any Store { views.store }

    /// Takes down what ended the pruning.
    mutating func fail(_ error: StoreError) { report.failures.append(error) }

    init(_ views: Views, dryRun: Bool = false) {
        self.views = views
        now = views.clock.now()
        report = PruneReport(isDryRun: dryRun)
    }

    /// What a limit counts together.
    struct Scope {
        let kind: HistoryID.Kind
        /// Nil: whatever DAG.
        let dag: DAGID?
        /// 0: all.
        let limit: Int
        /// Zero: any.
        let maxAge: Duration

        static func runs(of dag: DAGID, _ limits: RetentionLimits) -> Scope {
            Scope(kind: .run, dag: dag, limit: limits.maxRunsPerDAG, maxAge: limits.maxAge)
        }

        static func processes(_ limits: RetentionLimits) -> Scope {
            Scope(kind: .process, dag: nil, limit: limits.maxProcesses, maxAge: limits.maxAge)
        }

    }

    mutating func prune(_ scope: Scope) async throws(StoreError) {
        // The usual answer, nothing, costs one look at the kept counts, and one at the index when there is a limit of age.
        let isOver = scope.limit > 0 ? try await count(scope) > scope.limit : false
        guard isOver || scope.maxAge > .zero else { return }
        var query = SummaryQuery(
            kind: scope.kind, dag: scope.dag, states: Self.states, ascending: true, limit: Self.batchSize)
        if !isOver { query.until = now + (.zero - scope.maxAge) }
        /// Chosen, but still there.
        var left = 0
        repeat {
            let page = try await store.summaries(query)
            // After the listing: what others removed in between is no longer counted.
            let excess = scope.limit > 0 ? try await count(scope) - scope.limit - left : 0
            let (chosen, isLast) = choose(from: page.elements, excess: excess, scope)
            left += try await remove(chosen)
            query.cursor = isLast ? nil : page.nextCursor
        } while query.cursor != nil
        if isOver { report.kept += max(0, try await count(scope) - scope.limit) }
    }

    /// - Returns: what is to go, and whether nothing behind these has to.
    private func choose(
        from candidates: [Summary], excess: Int, _ scope: Scope
    ) -> (chosen: [Summary], isLast: Bool) {
        var chosen: [Summary] = []
        for summary in candidates {
            let isOver = chosen.count < excess
            // Nothing ends before it was created, so those behind it are not too old either.
            guard isOver || isOlder(summary.createdAt, scope) else { return (chosen, true) }
            if isOver || isOlder(summary.folded.endedAt ?? summary.createdAt, scope), summary.isFree {
                chosen.append(summary)
            }
        }
        return (chosen, false)
    }

    private func isOlder(_ time: Timestamp, _ scope: Scope) -> Bool {
        scope.maxAge > .zero && now - time > scope.maxAge
    }

    /// In a dry run, without what would be gone by now.
    func count(_ scope: Scope) async throws(StoreError) -> Int {
        let counts = try await store.counts(CountQuery(kind: scope.kind, dag: scope.dag))
        let gone = !report.isDryRun ? 0 : scope.dag.map { report.runs[$0]?.count ?? 0 } ?? report.processes.count
        return counts.reduce(0) { $0 + $1.count } - gone
    }
}

// MARK: - Removing

extension Pruner {
    /// - Returns: how many of them are left.
    private mutating func remove(_ chosen: [Summary]) async throws(StoreError) -> Int {
        guard !report.isDryRun else {
            for summary in chosen { report.add(summary.id, of: summary.dag) }
            return 0
        }
        var left = 0
        for batch in Self.batches(of: chosen) { left += try await remove(batch: batch) }
        return left
    }

    private static func batches(of chosen: [Summary]) -> [[Summary]] {
        var batches: [[Summary]] = []
        var events: Int64 = 0
        for summary in chosen {
            events += summary.folded.asOf
            if batches.isEmpty || events > batchEvents {
                batches.append([])
                events = summary.folded.asOf
            }
            batches[batches.count - 1].append(summary)
        }
        return batches
    }

    /// - Returns: how many of them are left. What somebody else removed is not.
    private mutating func remove(batch: [Summary]) async throws(StoreError) -> Int {
        let leases: [Lease]
        do throws(StoreError) {
            leases = try await claim(batch)
        } catch {
            guard error.isAboutOne else { throw error }
            guard batch.count > 1 else { return error.code == .notFound ? 0 : 1 }
            // One of them is held, was resumed or is gone: so they are taken one at a time.
            var left = 0
            for summary in batch { left += try await remove(batch: [summary]) }
            return left
        }
        let removed = try await delete(leases, of: batch)
        for summary in removed { report.add(summary.id, of: summary.dag) }
        removeLogs(of: removed)
        return batch.count - removed.count
    }

    private func claim(_ batch: [Summary]) async throws(StoreError) -> [Lease] {
        try await store.claim(
            ClaimRequest(
                worker: .pruner, timeToLive: views.timeToLive, target: .histories(batch.map(\.id)),
                states: Self.states, time: now))
    }

    /// - Returns: those that were not pinned in between.
    private func delete(_ leases: [Lease], of batch: [Summary]) async throws(StoreError) -> [Summary] {
        do throws(StoreError) {
            let query = SummaryQuery(kind: batch[0].id.kind, ids: batch.map(\.id.id), limit: batch.count)
            let pinned = Set(try await store.summaries(query).elements.filter(\.isPinned).map(\.id))
            let given = leases.filter { pinned.contains($0.history) }
            let going = leases.filter { !pinned.contains($0.history) }
            _ = try await store.commit(
                Changeset(
                    deletions: going.map { Changeset.Deletion($0.history, token: $0.token) },
                    releases: given.map { Changeset.Release($0.history, token: $0.token) }))
            return batch.filter { !pinned.contains($0.id) }
        } catch {
            _ = try await store.commit(
                Changeset(releases: leases.map { Changeset.Release($0.history, token: $0.token) }))
            throw error
        }
    }

    private mutating func removeLogs(of removed: [Summary]) {
        for summary in removed {
            guard case .run(let run) = summary.id else { continue }
            do throws(StoreError) { try views.removeLogs(of: run) } catch { report.failures.append(error) }
        }
    }
}

extension Summary {
    /// What another one is about to remove counts as if it went here.
    fileprivate var isFree: Bool {
        guard !isPinned, let lease, lease.isLive else { return !isPinned }
        return lease.worker.rawValue.hasPrefix(WorkerInfo.prunerPrefix)
    }
}

extension StoreError {
    /// Whether it is one history that stands against a claim of several.
    fileprivate var isAboutOne: Bool { [.leaseHeld, .conflict, .notFound].contains(code) }
}

extension WorkerInfo {
    /// This process as one that removes histories. Like the recorder it holds no worker lock.
    fileprivate static let pruner = WorkerInfo(
        id: WorkerID(unchecked: prunerPrefix + RandomIDGenerator().token()), host: hostName, bootID: nil,
        processID: WorkerInfo.recorder.processID)
    fileprivate static let prunerPrefix = "pruner-"
}
