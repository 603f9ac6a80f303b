import Holdfast

/// What is written of a run, at one position of the store.
struct RunPages {
    let position: FeedPosition
    /// The last event shown.
    let asOf: Int64
    let summary: Summary
    /// Nil: the history can't be folded; then the summary is all there is to show.
    let detail: RunDetail?

    init(_ summary: Summary, _ fold: RunFold?, asOf: Int64, position: FeedPosition) {
        self.position = position
        self.asOf = asOf
        detail = fold.map { RunDetail(summary: summary, fold: $0) }
        self.summary = detail?.summary ?? summary
    }

    // The first three are what `RunList` looks at.
    private static let listed = [
        "run_id", "as_of", "ended_at", "started_at", "duration_seconds", "dag_id", "state", "result", "failure_reason",
    ]

    var end: RunEnd { RunEnd(asOf: asOf, endedAt: summary.folded.endedAt?.description) }

    /// The line of `runs.jsonl`, with the fields of a run history and ours.
    var line: [UInt8] {
        var members = (detail?.outputJSON ?? summary.outputJSON).objectValue ?? [:]
        for name in ["current_tasks", "tasks", "xcoms", "artifacts", "plan"] { members[name] = nil }
        members["stages_executed"] = members.removeValue(forKey: "tasks_executed") ?? []
        members["stages_failed"] = members.removeValue(forKey: "tasks_failed") ?? []
        members["result"] = result.map { .string($0) } ?? .null
        members["as_of"] = .int(asOf)
        members["position"] = .int(position.rawValue)
        return ReadableJSON.line(members, first: Self.listed)
    }

    private var result: String? {
        switch summary.folded.state {
        case .success: "success"
        case .failed: "failed"
        case .cancelled: "stopped"
        default: nil
        }
    }

    /// `run.json`.
    var page: [UInt8] {
        var members = (detail?.outputJSON ?? summary.outputJSON).objectValue ?? [:]
        members["as_of"] = .int(asOf)
        members["position"] = .int(position.rawValue)
        if let detail { members["xcoms"] = .array(detail.xcoms.map(Self.xcom)) }
        return ReadableJSON.page(members, first: ["run_id", "state"] + PageHeader.members)
    }

    /// Large values are not repeated here; the event that carries one is named instead.
    private static func xcom(_ entry: XComEntry) -> JSONValue {
        guard entry.value == nil, case .object(var members) = entry.outputJSON else { return entry.outputJSON }
        members["event"] = .int(entry.sequence)
        return .object(members)
    }
}
