import Dispatch
import Foundation
import Synchronization
import Testing

@testable import HoldfastLocal

@Suite struct CommitQueueTests {
    @Test("a request that finds nobody at work is performed on its caller's thread")
    func aloneWithoutHop() async {
        let queue = CommitQueue<Int, UInt>(closed: { 0 }) { $0.map { _ in threadID() } }
        for index in 0..<16 {
            let (before, performer) = await submitNotingThread(queue, index)
            #expect(before == performer)
        }
    }

    private func submitNotingThread(_ queue: CommitQueue<Int, UInt>, _ index: Int) async -> (UInt, UInt) {
        let caller = threadID()
        return (caller, await queue.submit(index))
    }

    @Test("requests that come while one is performed share the next batch, first come first served")
    func sharesNextBatch() async {
        let bench = GatedQueue()
        await bench.occupy()
        let tasks = await bench.submitInOrder(Array(1...20))
        bench.gate.signal()
        for (task, expected) in zip(tasks, 1...20) { #expect(await task.value == .done(expected)) }
        #expect(bench.batches == [[0], Array(1...20)])
    }

    @Test("a batch holds at most as many requests as the limit allows")
    func limitsRequests() async {
        let bench = GatedQueue(limits: BatchLimits(requests: 8))
        await bench.occupy()
        let tasks = await bench.submitInOrder(Array(1...20))
        bench.gate.signal()
        for task in tasks { _ = await task.value }
        #expect(bench.batches == [[0], Array(1...8), Array(9...16), Array(17...20)])
    }

    @Test("a batch costs at most the limit, and what is over it by itself goes alone")
    func limitsCost() async {
        let bench = GatedQueue(limits: BatchLimits(cost: 10))
        await bench.occupy()
        let tasks = await bench.submitInOrder([4, 6, 1, 50, 9, 1, 1])
        bench.gate.signal()
        for task in tasks { _ = await task.value }
        #expect(bench.batches == [[0], [4, 6], [1], [50], [9, 1], [1]])
    }

    @Test("the first caller has its reply while the batch behind it is still being performed")
    func handsOver() async {
        let bench = GatedQueue(gated: [0, 1])
        let first = await bench.occupy()
        let second = await bench.submitInOrder([1])
        bench.gate.signal()
        #expect(await first.value == .done(0))
        #expect(bench.batches == [[0]])
        bench.gate.signal()
        #expect(await second[0].value == .done(1))
    }

    @Test("an accepted request runs to its end although its caller is cancelled")
    func ignoresCancellation() async {
        let bench = GatedQueue()
        await bench.occupy()
        let tasks = await bench.submitInOrder([1])
        tasks[0].cancel()
        bench.gate.signal()
        #expect(await tasks[0].value == .done(1))
    }

    @Test("close refuses new requests and waits for the accepted ones")
    func closes() async {
        let bench = GatedQueue()
        let first = await bench.occupy()
        let tasks = await bench.submitInOrder([1, 2, 3])
        let closing = Task { [bench] in
            await bench.queue.close()
            return bench.batches
        }
        while !bench.queue.status.isClosed { await Task.yield() }
        #expect(await bench.queue.submit(-1) == .closed)
        bench.gate.signal()
        #expect(await closing.value == [[0], [1, 2, 3]])
        #expect(await first.value == .done(0))
        for (task, expected) in zip(tasks, 1...3) { #expect(await task.value == .done(expected)) }
        await bench.queue.close()
        #expect(await bench.queue.submit(4) == .closed)
    }

    @Test("every request is performed once, by one thread at a time, and gets its own reply")
    func performsEachOnce() async {
        let running = Atomic<Int>(0)
        let performed = Atomic<Int>(0)
        let overlapped = Atomic<Bool>(false)
        await withQueue { queue in
            await withTaskGroup(of: Bool.self) { group in
                for caller in 0..<64 {
                    group.addTask {
                        for round in 0..<100 where await queue.submit(caller * 1000 + round) != caller * 1000 + round {
                            return false
                        }
                        return true
                    }
                }
                for await allRight in group { #expect(allRight) }
            }
        } perform: { requests in
            if running.add(1, ordering: .sequentiallyConsistent).newValue != 1 {
                overlapped.store(true, ordering: .relaxed)
            }
            performed.add(requests.count, ordering: .relaxed)
            running.subtract(1, ordering: .sequentiallyConsistent)
            return requests
        }
        let count = performed.load(ordering: .relaxed)
        #expect(count == 6400)
        let hasOverlapped = overlapped.load(ordering: .relaxed)
        #expect(!hasOverlapped)
    }

    // Not the average: on a busy machine some callers come late now and then.
    @Test(
        "of 64 callers that come back at once most share batches of 16 or more, even if they share one thread",
        arguments: [ThreadExecutor(.concurrent), ThreadExecutor()])
    fileprivate func keepsBatchesFull(executor: ThreadExecutor) async {
        let inFullBatches = Atomic<Int>(0)
        await withQueue { queue in
            await withTaskGroup(of: Void.self) { group in
                for caller in 0..<64 {
                    group.addTask(executorPreference: executor) {
                        for _ in 0..<100 { _ = await queue.submit(caller) }
                    }
                }
            }
        } perform: { requests in
            if requests.count >= 16 { inFullBatches.add(requests.count, ordering: .relaxed) }
            usleep(1000)
            return requests
        }
        let count = inFullBatches.load(ordering: .relaxed)
        #expect(count >= 64 * 100 * 2 / 3)
    }

    @Test("a caller that stays alone after a crowd is served on its own thread again")
    func returnsToAlone() async {
        let queue = CommitQueue<Int, UInt>(closed: { 0 }) { $0.map { _ in threadID() } }
        await withTaskGroup(of: Void.self) { group in
            for caller in 0..<64 { group.addTask { _ = await queue.submit(caller) } }
        }
        var isServedAlone = false
        for _ in 0..<1000 where !isServedAlone {
            let (caller, performer) = await submitNotingThread(queue, 0)
            isServedAlone = caller == performer
        }
        #expect(isServedAlone)
    }

    private func withQueue(
        _ body: (CommitQueue<Int, Int>) async -> Void, perform: @escaping @Sendable ([Int]) -> [Int]
    ) async {
        let queue = CommitQueue<Int, Int>(closed: { -1 }, perform: perform)
        await body(queue)
        await queue.close()
    }
}

private func threadID() -> UInt { UInt(pthread_self()) }

/// A queue whose perform waits for a signal at some requests, so that a test decides what piles up behind them.
private final class GatedQueue: Sendable {
    enum Reply: Equatable { case done(Int), closed }

    let gate = DispatchSemaphore(value: 0)
    let queue: CommitQueue<Int, Reply>
    private let log: Log
    private let executor = ThreadExecutor()

    private final class Log: Sendable {
        let batches = Mutex<[[Int]]>([])
    }

    init(limits: BatchLimits = BatchLimits(), gated: Set<Int> = [0]) {
        let log = Log()
        self.log = log
        queue = CommitQueue(limits: limits, cost: { $0 }, closed: { .closed }) { [gate] requests in
            if !gated.isDisjoint(with: requests) { gate.wait() }
            log.batches.withLock { $0.append(requests) }
            return requests.map { .done($0) }
        }
    }

    var batches: [[Int]] { log.batches.withLock { $0 } }

    /// Request 0, which is being performed when this returns.
    @discardableResult
    func occupy() async -> Task<Reply, Never> {
        // On a thread of its own: the caller's thread is blocked until the gate opens.
        let task = Task(executorPreference: executor) { await self.queue.submit(0) }
        while !queue.status.isBusy { await Task.yield() }
        return task
    }

    func submitInOrder(_ requests: [Int]) async -> [Task<Reply, Never>] {
        var tasks: [Task<Reply, Never>] = []
        for request in requests {
            tasks.append(Task { await queue.submit(request) })
            while queue.status.waiting < tasks.count { await Task.yield() }
        }
        return tasks
    }
}

/// One thread, or several.
private final class ThreadExecutor: TaskExecutor {
    private let queue: DispatchQueue

    init(_ attributes: DispatchQueue.Attributes = []) {
        queue = DispatchQueue(label: "test.thread", attributes: attributes)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
