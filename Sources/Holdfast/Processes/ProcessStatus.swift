/// The status of an AI process. `cancelling`: it runs, and was asked to end.
public enum ProcessStatus: String, Sendable, Hashable, Codable, CaseIterable {
    case queued, running, cancelling, completed, failed, cancelled

    /// Whether a process in this status has ended; a further turn or another try begins it anew.
    public var isTerminal: Bool {
        switch self {
        case .completed, .failed, .cancelled: true
        case .queued, .running, .cancelling: false
        }
    }

    /// The transition table: what may follow each status. To `cancelling` leads a request, which anyone may make; to the
    /// others an event of whoever holds the process. Whatever may follow `running` may follow `cancelling`, as the request may
    /// come in unseen.
    public static let successors: [ProcessStatus: Set<ProcessStatus>] = [
        .queued: [.running, .completed, .failed, .cancelled],
        .running: [.queued, .cancelling, .completed, .failed, .cancelled],
        .cancelling: [.queued, .completed, .failed, .cancelled],
        .completed: [.queued, .running],
        .failed: [.queued, .running],
        .cancelled: [.queued, .running],
    ]

    public func canBecome(_ next: ProcessStatus) -> Bool { Self.successors[self, default: []].contains(next) }
}

extension ProcessStatus {
    /// How the status is kept in a summary, whose states are those of runs: `completed` is a success, `cancelling` is
    /// running with a cancel request.
    public var runState: RunState {
        switch self {
        case .queued: .queued
        case .running, .cancelling: .running
        case .completed: .success
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }

    /// - Parameter state: as stored, not as shown.
    init(_ state: RunState, isCancelRequested: Bool) {
        switch state {
        case .queued: self = .queued
        case .running, .waiting, .interrupted: self = isCancelRequested ? .cancelling : .running
        case .success: self = .completed
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        }
    }
}
