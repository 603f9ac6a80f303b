/// What a listing has of a process: one row, no history is read for it.
public struct ProcessSummary: Sendable, Hashable {
    /// The row as the store keeps it, with its lease.
    public let summary: Summary
    /// As it is shown: a process whose holder died has ended, whether somebody wrote that down yet or not.
    let progress: ProcessProgress

    /// - Parameter summary: of a process.
    public init(_ summary: Summary) {
        self.summary = summary
        progress = ProcessProgress(shown: summary)
    }

    public var id: ProcessID { ProcessID(unchecked: summary.id.id) }
    public var type: ProcessType { ProcessType(unchecked: summary.dag.rawValue) }
    public var workspace: WorkspaceID? { summary.workspace }
    public var parent: ProcessID? { summary.parent.map { ProcessID(unchecked: $0.rawValue) } }
    public var run: RunID? { summary.labels[ProcessRecord.runLabel].map(RunID.init(unchecked:)) }
    public var status: ProcessStatus { progress.status }
    public var startTime: Timestamp { progress.startTime }
    public var endTime: Timestamp? { progress.endTime }
    /// From the start to the end; nil until it has ended, and where the end is before the start.
    public var duration: Duration? { Duration.between(startTime, endTime) }
    public var error: String? { progress.error }
    /// Those that listings have; see `ProcessField.isListed`.
    public var fields: ProcessFields { ProcessFields(listed: summary.metadata) }
    public var isPinned: Bool { summary.isPinned }

    /// Whether its holder died and nobody has written down yet what became of it; see `ProcessesView.settle`.
    public var isAbandoned: Bool { summary.abandonedLease != nil }
}

/// All there is to show of a process.
public struct ProcessDetail: Sendable {
    public let summary: ProcessSummary
    public let fold: ProcessFold
    /// With the status as it is shown.
    public let record: ProcessRecord

    package init(summary: Summary, fold: ProcessFold) throws(StoreError) {
        guard var record = fold.record else {
            throw StoreError(.corrupt, subject: "process \(fold.id)", detail: "its history is empty")
        }
        self.summary = ProcessSummary(summary)
        self.fold = fold
        if let lease = summary.abandonedLease, lease.token == fold.token, let progress = fold.progress {
            let end = progress.abandoned(lease)
            record.status = end.status ?? record.status
            record.error = end.error.applied(to: record.error)
        }
        self.record = record
    }
}

extension Summary {
    /// The lease of the dead worker that said it runs this process and did not give it back.
    var abandonedLease: LeaseInfo? {
        guard id.kind == .process, folded.state == .running, ProcessProgress(self).owner != nil else { return nil }
        return lease.flatMap { $0.expiresAt != nil && !$0.isLive ? $0 : nil }
    }
}

extension ProcessProgress {
    /// As listings show it.
    init(shown summary: Summary) {
        self.init(summary)
        guard let lease = summary.abandonedLease else { return }
        let end = abandoned(lease)
        status = end.status ?? status
        error = end.error.applied(to: error)
    }
}
