import Holdfast

/// When a failed instance is tried again.
enum RetryPolicy {
    static let longestDelay = Duration.seconds(300)
    static let jitter = 0.9...1.1

    /// `retry_delay · retry_backoff^(n − 1)` for the n-th retry, at most 5 minutes, ± 10 %.
    /// - Parameter spread: drawn from `jitter`.
    static func delay(of task: TaskDefinition, retry: Int, spread: Double) -> Duration {
        var factor = 1.0
        for _ in 1..<max(retry, 1) where factor < 1e6 { factor *= task.retryBackoff }
        let seconds = min(task.retryDelay.inSeconds * factor, longestDelay.inSeconds)
        return .milliseconds(Int64(seconds * spread * 1000))
    }
}
