package import Holdfast

/// What to run as one try of a task, and how.
package struct TaskProcessRequest: Sendable {
    package var action: TaskDefinition.Action
    /// On top of the environment that this process has; nil takes a variable away.
    package var environment: [String: String?]
    /// Nil: that of this process.
    package var workingDirectory: String?
    package var log: TryLog
    package var tryToken: TryToken
    /// Masked in the logs.
    package var masker: SecretMasker
    /// Nil: no limit.
    package var timeout: Duration?
    /// Between SIGTERM and SIGKILL, after the timeout or a cancel.
    package var gracePeriod: Duration
    /// The same for those that a task left behind when it ended by itself.
    package var leftoverGracePeriod: Duration
    package var now: @Sendable () -> Timestamp

    package init(
        action: TaskDefinition.Action, environment: [String: String?] = [:], workingDirectory: String? = nil,
        log: TryLog, tryToken: TryToken, masker: SecretMasker = .none, timeout: Duration? = nil,
        gracePeriod: Duration = .seconds(10), leftoverGracePeriod: Duration = .seconds(2),
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.action = action
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.log = log
        self.tryToken = tryToken
        self.masker = masker
        self.timeout = timeout
        self.gracePeriod = gracePeriod
        self.leftoverGracePeriod = leftoverGracePeriod
        self.now = now
    }
}

/// How one try went.
package struct TaskProcessResult: Sendable, Hashable {
    package enum Ending: Sendable, Hashable {
        case exited(code: Int32)
        /// Ended by a signal that Holdfast did not send.
        case signalled(Int32)
        case timedOut
        case cancelled
        /// Nothing ran; the reason is a sentence for the user, without secrets.
        case couldNotStart(reason: String)
    }

    package let ending: Ending
    /// Of the leader, which is also the number of its process group; nil when nothing was started.
    package let processID: Int32?
    package let startedAt: Timestamp
    /// When the leader ended; ending what it left behind may have taken longer.
    package let endedAt: Timestamp
    /// Of the standard output, secrets masked.
    package let lastOutputLine: LogTail.LastLine
    /// The last 20 lines of the logs (those of the standard error last), secrets masked; empty after a success.
    package let logTail: [String]
    /// What went wrong around the processes, one sentence each: a log that can't be written or masked, processes that
    /// outlive SIGKILL. Not empty means that the logs and what is read from them may be incomplete: count the try as failed.
    package let problems: [String]

    package var succeeded: Bool { ending == .exited(code: 0) && problems.isEmpty }
}
