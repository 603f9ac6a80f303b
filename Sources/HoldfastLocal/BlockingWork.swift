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

    /// Does it for all elements, as many at once as there are threads. Blocks the calling thread, which must be none of them.
    /// - Throws: one of the failures, once all have ended.
    func forEach<Element: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) throws(SystemCallError) -> Void
    ) throws(SystemCallError) {
        if elements.count < 2 {
            for element in elements { try body(element) }
            return
        }
        let failure = Mutex<SystemCallError?>(nil)
        let all = DispatchGroup()
        for (index, element) in elements.enumerated() {
            queues[index % queues.count].async(group: all) {
                do throws(SystemCallError) { try body(element) } catch { failure.withLock { $0 = error } }
            }
        }
        all.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}
