import Dispatch

/// Runs something that blocks where it holds up no other test.
func onOwnThread(_ body: () throws -> Void) async throws {
    try await withTaskExecutorPreference(BlockingExecutor()) { try body() }
}

/// A queue of its own for one task; the task stays the test's, so that issues are recorded as its own.
private final class BlockingExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "crash-test")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
