/// Runs as a plain run history has them: those that have ended, each with its result and its stages, and those that were cut
/// off, without. Nothing has to be written for it when a run ends: it is what summaries and histories say.
public struct RunHistoryView: Sendable {
    let views: Views
    var store: any Store { views.store }

    init(_ views: Views) { self.views = views }

    /// How a run went. A cancelled one was `stopped`.
    public enum Result: String, Sendable, Hashable, CaseIterable {
        case success, failed, stopped

        var state: RunState {
            switch self {
            case .success: .success
            case .failed: .failed
            case .stopped: .cancelled
            }
        }

        init?(_ state: RunState) {
            guard let result = Self.allCases.first(where: { $0.state == state }) else { return nil }
            self = result
        }
    }

    private static let listed = Set(RunState.allCases.filter { $0.isTerminal || $0 == .interrupted })
}

/// One run of a run history.
public struct RunHistoryEntry: Sendable, Hashable {
    public let run: RunID
    public let startedAt: Timestamp?
    public let endedAt: Timestamp?
    /// Nil while the run has not ended; then there are no stages here either.
    public let result: RunHistoryView.Result?
    public let failureReason: String?
    /// Tasks that were tried, in the order of the definition.
    public let stagesExecuted: [TaskID]
    public let stagesFailed: [TaskID]
    public let retryCount: Int
    public let metadata: [String: JSONValue]
}

extension RunHistoryView {
    /// Newest first: what has ended in one way, or everything that has ended or was interrupted. Each run that has ended is folded.
    /// - Parameter limit: 1 to 1,000.
    /// - Throws: `invalid` for the limit, `invalidCursor`.
    public func list(
        limit: Int = 100, result: Result? = nil, cursor: Cursor? = nil
    ) async throws(StoreError) -> Page<RunHistoryEntry> {
        let states = result.map { [$0.state] } ?? Self.listed
        let page = try await views.runs.list(SummaryQuery(states: states, limit: limit, cursor: cursor))
        var entries: [RunHistoryEntry] = []
        for summary in page.elements {
            do throws(StoreError) {
                entries.append(try await entry(of: summary))
            } catch {
                // Deleted since it was listed.
                guard error.code == .notFound else { throw error }
            }
        }
        return Page(entries, nextCursor: page.nextCursor, total: page.total)
    }

    /// - Throws: `notFound`.
    public func get(_ run: RunID) async throws(StoreError) -> RunHistoryEntry {
        try await entry(of: try await views.runs.get(run))
    }

    /// How many runs ended in which way; never 0.
    public func counts() async throws(StoreError) -> [Result: Int] {
        let counts = try await store.counts(CountQuery(states: Set(Result.allCases.map(\.state))))
        return counts.reduce(into: [:]) { sums, count in
            if let result = Result(count.state) { sums[result, default: 0] += count.count }
        }
    }

    private func entry(of summary: Summary) async throws(StoreError) -> RunHistoryEntry {
        let run = RunID(unchecked: summary.id.id)
        guard let result = Result(summary.visibleState) else { return RunHistoryEntry(summary, nil, nil) }
        return RunHistoryEntry(summary, result, RunDetail(summary: summary, fold: try await store.fold(run)))
    }
}

extension RunHistoryEntry {
    fileprivate init(_ summary: Summary, _ result: RunHistoryView.Result?, _ detail: RunDetail?) {
        run = RunID(unchecked: summary.id.id)
        startedAt = summary.folded.startedAt
        endedAt = summary.folded.endedAt
        self.result = result
        failureReason = summary.folded.failureReason
        stagesExecuted = detail?.executedTasks ?? []
        stagesFailed = detail?.failedTasks ?? []
        retryCount = summary.folded.retryCount
        metadata = summary.metadata
    }
}

// MARK: - Output

extension RunHistoryEntry {
    /// The object that run histories hold: `run_id started_at ended_at result failure_reason stages_executed stages_failed
    /// retry_count metadata`.
    public var outputJSON: JSONValue {
        [
            "run_id": .string(run.rawValue), "started_at": output(startedAt), "ended_at": output(endedAt),
            "result": output(result?.rawValue), "failure_reason": output(failureReason),
            "stages_executed": .array(stagesExecuted.map { .string($0.rawValue) }),
            "stages_failed": .array(stagesFailed.map { .string($0.rawValue) }), "retry_count": output(retryCount),
            "metadata": .object(metadata),
        ]
    }
}

extension Page<RunHistoryEntry> {
    public var outputJSON: JSONValue { outputJSON("runs", \.outputJSON) }
}
