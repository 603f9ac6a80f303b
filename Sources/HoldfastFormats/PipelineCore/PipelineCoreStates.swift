import Holdfast

/// The states of `pipeline-core`: one list for runs and task instances.
enum PipelineCoreStates {
    static let runs: [String: RunState] = [
        "queued": .queued, "running": .interrupted, "up_for_retry": .interrupted, "success": .success,
        "failed": .failed,
        "upstream_failed": .failed, "cancelled": .cancelled, "skipped": .cancelled, "removed": .cancelled,
    ]

    static let tasks: [String: TaskState] = [
        "queued": .pending, "running": .running, "up_for_retry": .upForRetry, "success": .success, "failed": .failed,
        "upstream_failed": .upstreamFailed, "cancelled": .cancelled, "skipped": .skipped, "removed": .skipped,
    ]

    static func name(of state: RunState) -> String {
        switch state {
        case .queued, .success, .failed, .cancelled: state.rawValue
        case .running, .waiting, .interrupted: "running"
        }
    }

    static func name(of state: TaskState) -> String {
        switch state {
        case .pending: "queued"
        case .waiting: "running"
        default: state.rawValue
        }
    }
}
