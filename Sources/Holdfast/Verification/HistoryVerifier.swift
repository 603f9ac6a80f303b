/// Holds one history against its summary and its blobs.
struct HistoryVerifier {
    typealias Finding = MaintenanceReport.Finding

    let summary: Summary
    private(set) var findings: [Finding] = []
    private(set) var events = 0
    /// Nil from the first event on that does not fold; blobs are looked at all the same.
    private var fold: (any VerifiedFold)?
    private var last: Int64 = 0

    init(summary: Summary) {
        self.summary = summary
        switch summary.id {
        case .run(let run): fold = RunFold(id: run)
        case .process(let process): fold = ProcessFold(id: process)
        }
    }

    mutating func run(on store: any Store, _ blobs: inout BlobVerifier) async throws(StoreError) {
        do throws(StoreError) {
            while true {
                let query = HistoryQuery(summary.id, from: last + 1)
                let page = try await store.history(query)
                for event in page.elements { try await take(event, store, &blobs) }
                guard page.elements.count == query.limit else { break }
            }
        } catch {
            guard error.isDamage else { throw error }
            note("event \(last + 1) can't be read: \(error)")
            return
        }
        compareAtEnd()
    }

    private mutating func note(_ problem: String) {
        findings.append(Finding(subject: summary.id.description, problem: problem))
    }

    // MARK: Events

    private mutating func take(
        _ event: Event, _ store: any Store, _ blobs: inout BlobVerifier
    ) async throws(StoreError) {
        if event.sequence != last + 1 { note("event \(event.sequence) follows event \(last)") }
        last = event.sequence
        events += 1
        for digest in event.payload.blobs {
            if let problem = try await blobs.problem(with: digest) {
                note("event \(event.sequence) (\(event.payload.type)): blob \(digest) \(problem)")
            }
        }
        do throws(StoreError) {
            guard fold != nil else { return }
            try fold?.apply(try await store.resolve(event))
        } catch {
            guard error.isDamage else { throw error }
            note("event \(event.sequence) (\(event.payload.type)) does not fold: \(error)")
            fold = nil
        }
        if let fold, fold.sequence == summary.folded.asOf { compare(fold.summaryColumns) }
    }

    // MARK: Summary

    private mutating func compare(_ columns: Summary.Folded) {
        let stored = summary.folded
        differs("state", stored.state.rawValue, columns.state.rawValue)
        differs("updated_at", stored.updatedAt, columns.updatedAt)
        differs("started_at", stored.startedAt, columns.startedAt)
        differs("ended_at", stored.endedAt, columns.endedAt)
        differs("failure_reason", stored.failureReason, columns.failureReason, isShown: false)
        differs("task_counts", stored.taskCounts, columns.taskCounts, isShown: false)
        differs("resume_count", stored.resumeCount, columns.resumeCount)
        differs("retry_count", stored.retryCount, columns.retryCount)
        differs("dag_version", stored.dagVersion, columns.dagVersion)
        differs("version label", stored.versionLabel, columns.versionLabel)
        differs("params", stored.params, columns.params, isShown: false)
    }

    private mutating func compareAtEnd() {
        if summary.folded.asOf > last {
            note("its summary is as of event \(summary.folded.asOf), its history ends at event \(last)")
        }
        guard let fold, last > 0 else { return }
        let folded = fold.summary
        let (type, parent) = summary.id.kind == .run ? ("dag_id", "parent_run_id") : ("type", "parent_process_id")
        differs(type, summary.dag, folded.dag)
        differs("workspace_id", summary.workspace, folded.workspace)
        differs(parent, summary.parent, folded.parent)
        differs("trigger", summary.trigger, folded.trigger)
        differs("logical_date", summary.logicalDate, folded.logicalDate)
        differs("labels", summary.labels, folded.labels, isShown: false)
        differs("created_at", summary.createdAt, folded.createdAt)
        differs("pinned", summary.isPinned, folded.isPinned)
        differs("metadata", summary.metadata, folded.metadata, isShown: false)
        guard summary.id.kind == .process else { return }
        differs("cancelling", summary.cancelRequestedAt != nil, folded.cancelRequestedAt != nil)
    }

    /// - Parameter isShown: false for what may hold values of users.
    private mutating func differs<Value: Equatable>(
        _ column: String, _ stored: Value?, _ folded: Value?, isShown: Bool = true
    ) {
        guard stored != folded else { return }
        let (ours, theirs) = (stored.map { "\($0)" } ?? "none", folded.map { "\($0)" } ?? "none")
        note("\(column) differs" + (isShown ? ": \(ours) in its summary, \(theirs) in its history" : ""))
    }
}

/// What a history folds to, as far as its summary is held against it.
private protocol VerifiedFold {
    var sequence: Int64 { get }
    mutating func apply(_ event: Event) throws(StoreError)
    /// The holder's columns, as of the last event.
    var summaryColumns: Summary.Folded { get }
    /// The whole row; there is one once the first event was folded.
    var summary: Summary { get }
}

extension RunFold: VerifiedFold {
    fileprivate var summary: Summary { initialSummary }
}

extension ProcessFold: VerifiedFold {}

extension StoreError {
    /// Whether it says something about what is stored, rather than about the moment.
    var isDamage: Bool { [.corrupt, .newerFormat, .illegalTransition, .invalid, .notFound].contains(code) }
}
