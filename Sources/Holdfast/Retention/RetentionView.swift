/// How much finished history is kept: the limits, and their application.
///
/// Limits are applied to a DAG's runs when one is added, to processes when one is added, and to everything by `prune`. An
/// import applies none.
public struct RetentionView: Sendable {
    let views: Views
    var store: any Store { views.store }

    init(_ views: Views) { self.views = views }

    /// Changes that lose against another one are made again on what that left; more often than this in a row, the conflict is
    /// the answer.
    private static let attempts = 16
}

// MARK: - Limits

extension RetentionView {
    public func settings() async throws(StoreError) -> RetentionSettings {
        let name = RetentionSettings.recordName
        let query = RecordQuery(kind: name.kind, .key(name.key), limit: 1)
        return try RetentionSettings(
            try await store.records(query).elements.first, defaults: store.defaultRetention)
    }

    /// What a change would make of what is set, without setting it.
    /// - Throws: as `set`.
    public func settings(
        changedFor dag: DAGID? = nil, _ change: (inout RetentionChoice) -> Void
    ) async throws(StoreError) -> RetentionSettings {
        var settings = try await settings()
        try settings.change(dag, change)
        return settings
    }

    /// Changes what is set for the store, or for one DAG; it holds from the next addition on.
    /// - Parameter change: nil in a field: what is said elsewhere holds again.
    /// - Throws: `invalid` for a negative limit, and for a limit of processes of one DAG.
    @discardableResult
    public func set(
        for dag: DAGID? = nil, _ change: (inout RetentionChoice) -> Void
    ) async throws(StoreError) -> RetentionSettings {
        for attempt in 1... {
            var settings = try await settings()
            let before = settings
            try settings.change(dag, change)
            if settings == before { break }
            let put = RecordChange.put(settings.record, expectedVersion: settings.recordVersion)
            do throws(StoreError) {
                _ = try await store.commit(Changeset(records: [put]))
                break
            } catch {
                guard error.code == .conflict, attempt < Self.attempts else { throw error }
            }
        }
        return try await settings()
    }
}

// MARK: - Pruning

extension RetentionView {
    /// Applies the limits to all runs and processes, or to the runs of one DAG, and gives the space back.
    /// - Parameters:
    ///   - settings: limits to apply instead of those that are set.
    ///   - dryRun: only tells what would go.
    public func prune(
        _ dag: DAGID? = nil, by settings: RetentionSettings? = nil, dryRun: Bool = false
    ) async throws(StoreError) -> PruneReport {
        let limits: RetentionSettings
        if let settings { limits = settings } else { limits = try await self.settings() }
        var pruner = Pruner(views, dryRun: dryRun)
        for dag in try await dags(dag) { try await pruner.prune(.runs(of: dag, limits.limits(for: dag))) }
        if dag == nil { try await pruner.prune(.processes(limits.limits())) }
        guard !dryRun else { return pruner.report }
        var report = pruner.report
        try await giveBack(into: &report)
        return report
    }

    private func dags(_ only: DAGID?) async throws(StoreError) -> [DAGID] {
        if let only { return [only] }
        return Set(try await store.counts(CountQuery()).map(\.dag)).sorted()
    }

    /// How many runs and processes are over the limits, those included that stay since they are pinned, unfinished or held
    /// by a worker. Limits of number cost a look at the kept counts, those of age a listing of what is too old.
    public func excess() async throws(StoreError) -> RetentionExcess {
        let settings = try await settings()
        var excess = RetentionExcess()
        for dag in try await dags(nil) {
            excess.runs += try await self.excess(.runs(of: dag, settings.limits(for: dag)))
        }
        excess.processes = try await self.excess(.processes(settings.limits()))
        return excess
    }

    private func excess(_ scope: Pruner.Scope) async throws(StoreError) -> Int {
        var pruner = Pruner(views, dryRun: true)
        guard scope.maxAge == .zero else {
            try await pruner.prune(scope)
            return pruner.report.runCount + pruner.report.processes.count + pruner.report.kept
        }
        return scope.limit == 0 ? 0 : max(0, try await pruner.count(scope) - scope.limit)
    }

    private func giveBack(into report: inout PruneReport) async throws(StoreError) {
        let upkeep = try await store.maintain(
            MaintenanceRequest(compact: true, collectBlobsOlderThan: MaintenanceRequest.usualBlobAge))
        report.blobsCollected += upkeep.blobsCollected
        report.bytesFreed += upkeep.bytesFreed
    }

    /// What every addition ends with. While nothing is limited it costs nothing but the record that came with its receipt.
    ///
    /// That limits could not be applied does not undo the addition: it is told to `Views.onPruned`, and the next one tries again.
    /// - Parameter receipt: of the commit that added, and read `RetentionSettings.recordName` along.
    func afterAdding(_ kind: HistoryID.Kind, of dag: DAGID, _ receipt: Receipt) async {
        var pruner = Pruner(views)
        do throws(StoreError) {
            let settings = try RetentionSettings(
                try receipt.records.first?.get(), defaults: store.defaultRetention)
            switch kind {
            case .run: try await pruner.prune(.runs(of: dag, settings.limits(for: dag)))
            case .process: try await pruner.prune(.processes(settings.limits()))
            }
        } catch {
            pruner.fail(error)
        }
        guard !pruner.report.isEmpty else { return }
        var report = pruner.report
        do throws(StoreError) {
            if try await isUpkeepDue() { try await giveBack(into: &report) }
        } catch {
            report.failures.append(error)
        }
        views.onPruned?(report)
    }

    /// Once a day, for whoever asks first: what was removed leaves blobs and pages behind.
    private func isUpkeepDue() async throws(StoreError) -> Bool {
        let key = "upkeep"
        let query = RecordQuery(kind: RetentionSettings.recordName.kind, .key(key), limit: 1)
        let last = try await store.records(query).elements.first
        let now = views.clock.now()
        if let time = last?.body["at"]?.intValue, now - Timestamp(milliseconds: time) < Self.upkeepInterval {
            return false
        }
        let record = Record(
            kind: RetentionSettings.recordName.kind, key: key, body: ["at": .int(now.milliseconds)])
        do throws(StoreError) {
            _ = try await store.commit(Changeset(records: [.put(record, expectedVersion: last?.version ?? 0)]))
            return true
        } catch {
            guard error.code == .conflict else { throw error }
            return false
        }
    }

    private static let upkeepInterval = Duration.seconds(24 * 3600)
}
