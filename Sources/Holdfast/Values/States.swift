/// The state of a run. `interrupted`: unfinished, and its worker is gone.
public enum RunState: String, Sendable, Hashable, Codable, CaseIterable {
    case queued, running, waiting, interrupted, success, failed, cancelled

    /// Whether a run in this state has ended; only `resume` leaves such a state.
    public var isTerminal: Bool {
        switch self {
        case .success, .failed, .cancelled: true
        case .queued, .running, .waiting, .interrupted: false
        }
    }

    /// Whether a worker is supposed to be at work: the states a dead worker turns into `interrupted`.
    public var isActive: Bool { self == .running || self == .waiting }

    /// The transition table: what may follow each state.
    public static let successors: [RunState: Set<RunState>] = [
        .queued: [.running, .cancelled],
        .running: [.waiting, .interrupted, .success, .failed, .cancelled],
        .waiting: [.running, .interrupted, .success, .failed, .cancelled],
        .interrupted: [.running, .cancelled],
        .success: [],
        .failed: [.running],
        .cancelled: [.running],
    ]

    public func canBecome(_ next: RunState) -> Bool { Self.successors[self, default: []].contains(next) }
}

/// The state of a task instance.
public enum TaskState: String, Sendable, Hashable, Codable, CaseIterable {
    case pending, queued, running, waiting
    case upForRetry = "up_for_retry"
    case success, failed, skipped
    case upstreamFailed = "upstream_failed"
    case cancelled

    public var isTerminal: Bool {
        switch self {
        case .success, .failed, .skipped, .upstreamFailed, .cancelled: true
        case .pending, .queued, .running, .waiting, .upForRetry: false
        }
    }

    /// The transition table within one stretch of a run: what may follow each state. Beyond it, `resume` resets
    /// `failed`, `upstream_failed`, `cancelled`, `skipped` and whatever was in flight to `pending`, and `mark` turns any
    /// state into `success` or `skipped`.
    public static let successors: [TaskState: Set<TaskState>] = [
        .pending: [.queued, .running, .success, .failed, .skipped, .upstreamFailed, .cancelled],
        .queued: [.running, .failed, .skipped, .upstreamFailed, .cancelled],
        .running: [.waiting, .upForRetry, .success, .failed, .skipped, .cancelled],
        .waiting: [.running, .success, .failed, .cancelled],
        .upForRetry: [.running, .failed, .cancelled],
        .success: [], .failed: [], .skipped: [], .upstreamFailed: [], .cancelled: [],
    ]

    public func canBecome(_ next: TaskState) -> Bool { Self.successors[self, default: []].contains(next) }
}
