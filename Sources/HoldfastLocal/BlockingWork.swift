import Dispatch
package import Holdfast
import Synchronization

/// A few threads for calls that may block for long (`fsync`), so that they don't hold up the cooperative pool, whose
/// threads are as few as the cores.
package final class BlockingWork: Sendable {
    private let queues: [DispatchQueue]
    private let next = Atomic<Int>(0)

    package init(label: String, width: Int = 4) {
        queues = (0..<width).map { DispatchQueue(label: "\(label).\($0)") }
    }

    /// Runs to its end even if the caller is cancelled.
    package func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
        let queue = queues[Int(UInt(bitPattern: turn) % UInt(queues.count))]
        let result: Result<Value, StoreError> = await withUnsafeContinuation { continuation in
            queue.async { continuation.resume(returning: Result(catching: work)) }
        }
        return try result.get()
    }
}
