/// How far a verification is.
public struct VerificationProgress: Sendable, Hashable {
    public var histories = 0
    /// How many histories there were when it began.
    public var total = 0
    public var events = 0
    public var blobs = 0
}

extension Store {
    /// Looks for damage: the backend's own check, and what holds over any store. Every history folds; summaries equal their
    /// history's fold at `as_of`, pinned and metadata at its end; counts equal a recount; every blob that an event names is
    /// there and is what its digest says.
    ///
    /// Others may go on working: what looks wrong is looked at again before it is reported. Counts that never stood still
    /// for a whole recount are not in `checked`. Memory does not grow with the number of runs.
    /// - Parameter progress: called after each history.
    /// - Throws: what reading throws, except for damage, which is a finding.
    public func verify(
        progress: (VerificationProgress) -> Void = { _ in }
    ) async throws(StoreError) -> MaintenanceReport {
        var report = try await maintain(MaintenanceRequest(check: true))
        var blobs = BlobVerifier(store: self)
        var reached = VerificationProgress()
        for kind in HistoryID.Kind.allCases {
            reached.total += try await counts(CountQuery(kind: kind)).reduce(0) { $0 + $1.count }
        }
        for kind in HistoryID.Kind.allCases {
            try await forEachSummary(of: kind) { summary throws(StoreError) in
                let verified = try await verify(summary, &blobs)
                report.findings += verified.findings
                reached.events += verified.events
                reached.histories += 1
                reached.blobs = blobs.count
                progress(reached)
            }
        }
        report.checked["histories"] = reached.histories
        report.checked["events"] = reached.events
        report.checked["blobs"] = reached.blobs
        for kind in HistoryID.Kind.allCases { try await verifyCounts(of: kind, &report) }
        return report
    }

    /// A finding may be due to what happened between two reads: only what a second look confirms counts.
    private func verify(
        _ summary: Summary, _ blobs: inout BlobVerifier
    ) async throws(StoreError) -> HistoryVerifier {
        var current = summary
        for attempt in 1... {
            var verifier = HistoryVerifier(summary: current)
            try await verifier.run(on: self, &blobs)
            guard !verifier.findings.isEmpty, attempt < 3 else { return verifier }
            let query = SummaryQuery(kind: summary.id.kind, ids: [summary.id.id], limit: 1)
            guard let newer = try await summaries(query).elements.first else { break }
            current = newer
        }
        return HistoryVerifier(summary: current)
    }
}

// MARK: - Counts

extension Store {
    private func verifyCounts(
        of kind: HistoryID.Kind, _ report: inout MaintenanceReport
    ) async throws(StoreError) {
        for _ in 0..<5 {
            let kept = Tally(try await counts(CountQuery(kind: kind)))
            let counted = try await recount(kind)
            guard try await Tally(counts(CountQuery(kind: kind))) == kept else { continue }
            report.checked["counts", default: 0] += kept.numbers.count
            report.findings += kept.differences(from: counted)
            return
        }
    }

    private func recount(_ kind: HistoryID.Kind) async throws(StoreError) -> Tally {
        var tally = Tally()
        try await forEachSummary(of: kind) { summary throws(StoreError) in tally.add(summary) }
        return tally
    }

    private func forEachSummary(
        of kind: HistoryID.Kind, _ body: (Summary) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        var query = SummaryQuery(kind: kind, ascending: true, limit: SummaryQuery.maximumLimit)
        repeat {
            let page = try await summaries(query)
            for summary in page.elements { try await body(summary) }
            query.cursor = page.nextCursor
        } while query.cursor != nil
    }
}

/// How many there are of each DAG, workspace and state.
private struct Tally: Equatable {
    struct Group: Hashable, CustomStringConvertible {
        let dag: DAGID
        let workspace: WorkspaceID?
        let state: RunState

        var description: String {
            "counts of DAG \(dag)\(workspace.map { " in workspace \($0)" } ?? ""), \(state.rawValue)"
        }
    }

    var numbers: [Group: Int] = [:]

    init() {}

    init(_ counts: [Count]) {
        for count in counts {
            numbers[Group(dag: count.dag, workspace: count.workspace, state: count.state), default: 0] += count.count
        }
    }

    mutating func add(_ summary: Summary) {
        let group = Group(dag: summary.dag, workspace: summary.workspace, state: summary.visibleState)
        numbers[group, default: 0] += 1
    }

    func differences(from counted: Tally) -> [MaintenanceReport.Finding] {
        Set(numbers.keys).union(counted.numbers.keys).sorted { $0.description < $1.description }.compactMap { group in
            let (kept, found) = (numbers[group, default: 0], counted.numbers[group, default: 0])
            guard kept != found else { return nil }
            return MaintenanceReport.Finding(
                subject: group.description, problem: "\(kept) are kept, \(found) are there")
        }
    }
}
