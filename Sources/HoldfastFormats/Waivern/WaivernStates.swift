import Holdfast

/// The states of `waivern`.
enum WaivernStates {
    static let runs: [String: RunState] = [
        "running": .interrupted, "completed": .success, "failed": .failed, "interrupted": .interrupted,
    ]

    /// The lists of `state.json`.
    static let lists: [(name: String, state: TaskState)] = [
        ("completed", .success), ("not_started", .pending), ("pending", .waiting), ("failed", .failed),
        ("skipped", .skipped),
    ]

    static func name(of state: RunState) -> String {
        switch state {
        case .success: "completed"
        case .failed: "failed"
        case .cancelled, .interrupted: "interrupted"
        case .queued, .running, .waiting: "running"
        }
    }

    static func list(of state: TaskState) -> String {
        switch state {
        case .success: "completed"
        case .pending, .queued: "not_started"
        case .running, .waiting, .upForRetry: "pending"
        case .failed, .upstreamFailed: "failed"
        case .skipped, .cancelled: "skipped"
        }
    }
}
