/// How many instances are in each state. A dictionary would cost more than the rest of an event.
struct StateCounts: Sendable, Hashable {
    private var counts = Array(repeating: 0, count: TaskState.allCases.count)

    mutating func change(_ state: TaskState, by change: Int) { counts[Self.ordinal(of: state)] += change }

    var byState: [TaskState: Int] {
        var counted: [TaskState: Int] = [:]
        for state in TaskState.allCases {
            let count = counts[Self.ordinal(of: state)]
            if count > 0 { counted[state] = count }
        }
        return counted
    }

    private static func ordinal(of state: TaskState) -> Int {
        switch state {
        case .pending: 0
        case .queued: 1
        case .running: 2
        case .waiting: 3
        case .upForRetry: 4
        case .success: 5
        case .failed: 6
        case .skipped: 7
        case .upstreamFailed: 8
        case .cancelled: 9
        }
    }
}
