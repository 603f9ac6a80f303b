import Holdfast
import HoldfastEngine
import Synchronization
import Testing

@Suite("Swift workflows")
struct WorkflowTests {
    struct Order: Codable, Sendable, Equatable {
        var id: Int
        var items: [String]
    }

    struct Broken: Error {}

    @Test("steps run once; a resumed workflow gets their recorded results")
    func resume() async throws {
        try await withHarness { harness in
            let calls = Mutex<[String]>([])
            let isMended = Mutex(false)
            let run = RunID(unchecked: "order-1")
            let body = { @Sendable (workflow: WorkflowContext, input: Int) async throws -> String in
                let order = try await workflow.step("fetch") {
                    calls.withLock { $0.append("fetch") }
                    return Order(id: input, items: ["a", "b"])
                }
                let total = try await workflow.step("price") {
                    calls.withLock { $0.append("price") }
                    guard isMended.withLock({ $0 }) else { throw Broken() }
                    return order.items.count * 10
                }
                return "order \(order.id): \(total)"
            }
            await #expect(throws: Broken.self) {
                try await harness.engine.runWorkflow(DAGID(unchecked: "orders"), id: run, input: 7, body)
            }
            #expect(try await harness.store.fold(run).state == .failed)
            isMended.withLock { $0 = true }
            let result = try await harness.engine.resumeWorkflow(run, body)
            #expect(result == "order 7: 20")
            #expect(calls.withLock { $0 } == ["fetch", "price", "price"])
            #expect(try await harness.engine.resumeWorkflow(run, body) == "order 7: 20")
            #expect(calls.withLock { $0 }.count == 3)

            let fold = try await harness.store.fold(run)
            let summary = try await harness.store.summary(of: .run(run))
            #expect(fold.state == .success && fold.resumeCount == 1)
            #expect(summary.folded == fold.summaryColumns)
        }
    }

    @Test("a body that throws is retried as often as the step says")
    func retries() async throws {
        try await withHarness { harness in
            let tries = Mutex(0)
            let result = try await harness.engine.runWorkflow(DAGID(unchecked: "flaky"), input: 0) { workflow, _ in
                try await workflow.step("flaky", retries: 2, retryDelay: .milliseconds(1)) {
                    let count = tries.withLock {
                        $0 += 1; return $0
                    }
                    guard count == 3 else { throw Broken() }
                    return count
                }
            }
            #expect(result == 3)
        }
    }

    @Test("large results, optionals and repeated names")
    func values() async throws {
        try await withHarness { harness in
            let large = String(repeating: "x", count: 200_000)
            let run = RunID(unchecked: "values")
            let body = { @Sendable (workflow: WorkflowContext, input: String?) async throws -> Int in
                let text = try await workflow.step("large") { large }
                let none = try await workflow.step("none") { Int?.none }
                #expect(none == nil && input == nil)
                return text.count
            }
            let first = try await harness.engine.runWorkflow(
                DAGID(unchecked: "v"), id: run, input: String?.none, body)
            let again = try await harness.engine.resumeWorkflow(run, body)
            #expect(first == 200_000 && again == 200_000)
            await expectError(.invalid) {
                _ = try await harness.engine.runWorkflow(DAGID(unchecked: "v"), input: 0) { workflow, _ in
                    _ = try await workflow.step("a") { 1 }
                    return try await workflow.step("a") { 2 }
                }
            }
        }
    }

    @Test("a cancel stops the workflow at its next step")
    func cancel() async throws {
        try await withHarness { harness in
            let run = RunID(unchecked: "endless")
            await #expect(throws: WorkflowStop.cancelled(reason: "stop it")) {
                try await harness.engine.runWorkflow(DAGID(unchecked: "endless"), id: run, input: 0) { workflow, _ in
                    for number in 0..<1_000_000 {
                        let count = try await workflow.step("step-\(number)") { number }
                        if count == 3 { _ = try await harness.other().engine.cancel(run, reason: "stop it") }
                    }
                    return 0
                }
            }
            let fold = try await harness.store.fold(run)
            #expect(fold.state == .cancelled)
        }
    }

    @Test("when the caller is cancelled, the workflow is interrupted, not failed")
    func cancelledCaller() async throws {
        try await withHarness { harness in
            let run = RunID(unchecked: "cut-off")
            let (began, signal) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                try await harness.engine.runWorkflow(DAGID(unchecked: "w"), id: run, input: 0) { workflow, _ in
                    try await workflow.step("wait") {
                        signal.yield()
                        try await Task.sleep(for: .seconds(3600))
                        return 1
                    }
                }
            }
            for await _ in began { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let fold = try await harness.store.fold(run)
            #expect(fold.state == .interrupted)
        }
    }

    @Test("many workflows at once keep their histories apart")
    func manyAtOnce() async throws {
        try await withHarness { harness in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<32 {
                    group.addTask {
                        try await harness.engine.runWorkflow(DAGID(unchecked: "many"), input: index) {
                            workflow, input in
                            var sum = 0
                            for number in 0..<20 { sum += try await workflow.step("s\(number)") { input + number } }
                            return sum
                        }
                    }
                }
                var sums: [Int] = []
                for try await sum in group { sums.append(sum) }
                #expect(sums.sorted() == (0..<32).map { 190 + 20 * $0 })
            }
        }
    }
}
