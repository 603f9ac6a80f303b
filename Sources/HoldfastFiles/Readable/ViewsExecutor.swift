import Dispatch

/// Runs the readable files' work on a thread of its own: the calls that it makes may block, and the pool that the
/// store's users run on has as few threads as the machine has cores.
final class ViewsExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "holdfast.files.views", qos: .utility)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
