import Foundation
import Holdfast
import HoldfastEngine
import Synchronization

/// Durable steps of Swift workflows, as a program would write them, beside raw commits or appends on the same disk.
///
/// Floor and work alternate in slices of 250 ms, so that what else the machine does touches both alike.
struct StepsBenchmark {
    var store: StoreKind
    var workflows: Int
    /// In each run of a workflow.
    var steps: Int
    var seconds: Double
    var folder: String

    static let outputBytes = 100
    static let slice = Duration.milliseconds(250)

    func measure() async throws -> Figures {
        try await ScratchFolder.with(in: folder) { scratch in
            let lineBytes = self.store == .files ? try await journalBytesPerStep(scratch) : nil
            let floor = try floor(scratch, lineBytes: lineBytes)
            let store = try await scratch.open(self.store)
            let work = try Work(store: store, workflows: workflows, steps: steps)
            let (rates, done) = try await alternate(floor, work)
            try await store.close()
            try floor.close()
            var figures = Figures()
            figures.add("workflows", Double(workflows))
            figures.add("steps_per_workflow", Double(steps))
            figures.add("seconds", seconds)
            figures.add("steps", Double(done))
            figures.add("steps_per_second", rates.map(\.work).median)
            figures.add("floor_commits_per_second", rates.map(\.floor).median)
            figures.add("ratio", rates.map { $0.work / $0.floor }.median)
            figures.add(
                "cpu_microseconds_per_step", work.processorSeconds.load(ordering: .relaxed) / Double(done) * 1e6)
            switch self.store {
            case .memory: break
            case .sqlite: figures.add("bytes_per_step", Double(try await databaseGrowth(scratch)) / Double(done))
            case .files: figures.add("bytes_per_step", lineBytes ?? .nan)
            }
            return figures
        }
    }

    private func alternate(_ floor: any RawFloor, _ work: Work) async throws -> ([(floor: Double, work: Double)], Int) {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<workflows { group.addTask { try await work.run() } }
            var rates: [(floor: Double, work: Double)] = []
            // The first pair warms up and does not count.
            for pair in 0...max(1, Int(seconds / (Self.slice / .seconds(1)) / 2)) {
                let floorRate = try floor.rate(for: Self.slice)
                let workRate = try await work.rate(for: Self.slice)
                if pair > 0 { rates.append((floorRate, workRate)) }
            }
            work.turnstile.end()
            try await group.waitForAll()
            return (rates, work.done.load(ordering: .relaxed))
        }
    }
}

extension StepsBenchmark {
    /// Workflows that run one after the other, so many at once, while the turnstile is open.
    final class Work: Sendable {
        let turnstile: Turnstile
        let done = Atomic(0)
        /// Of all threads, user and system, while the turnstile was open.
        let processorSeconds = Atomic(0.0)
        private let engine: Engine
        private let steps: Int
        private let names: [String]
        private static let name = DAGID(unchecked: "bench")
        private let output = String(repeating: "x", count: StepsBenchmark.outputBytes)

        init(store: any Store, workflows: Int, steps: Int) throws {
            turnstile = Turnstile(workers: workflows)
            engine = try .measured(store)
            self.steps = steps
            names = (0..<steps).map { "step-\($0)" }
        }

        /// Steps a second, from the opening of the turnstile until everybody stands again.
        func rate(for duration: Duration) async throws -> Double {
            let before = done.load(ordering: .relaxed)
            let processorBefore = processorTime()
            let start = ContinuousClock.now
            turnstile.open()
            try await Task.sleep(for: duration)
            await turnstile.close()
            processorSeconds.store(
                processorSeconds.load(ordering: .relaxed) + processorTime() - processorBefore, ordering: .relaxed)
            let steps = done.load(ordering: .relaxed) - before
            return Double(steps) / ((ContinuousClock.now - start) / .seconds(1))
        }

        /// One workflow after the other.
        func run() async throws {
            defer { turnstile.leave() }
            while await turnstile.pass() { try await runOne() }
        }

        /// One workflow, to its end unless the turnstile is over before.
        func runOne() async throws {
            _ = try await engine.runWorkflow(Self.name, input: steps) { context, _ in
                for name in self.names {
                    guard await self.turnstile.pass() else { return false }
                    _ = try await context.step(name) { self.output }
                    self.done.add(1, ordering: .relaxed)
                }
                return true
            }
        }
    }
}

// MARK: - Bytes

extension StepsBenchmark {
    private func floor(_ scratch: ScratchFolder, lineBytes: Double?) throws -> any RawFloor {
        if let lineBytes {
            return try RawAppends(scratch.path + "/floor", lineBytes: Int(lineBytes.rounded()))
        }
        return try RawCommits(scratch.path + "/floor.db", rowBytes: Self.outputBytes)
    }

    /// By how many bytes the measured database is larger than an empty one.
    private func databaseGrowth(_ scratch: ScratchFolder) async throws -> Int {
        try await scratch.open(store, name: "empty").close()
        let empty = try truncateLog(of: scratch.database("empty"))
        return try truncateLog(of: scratch.database()) - empty
    }

    /// What a step takes in the journal, from a store of its own with so few whole workflows that nothing is compacted.
    private func journalBytesPerStep(_ scratch: ScratchFolder) async throws -> Double {
        let store = try await scratch.open(self.store, name: "probe")
        let atOnce = min(workflows, 64)
        let work = try Work(store: store, workflows: atOnce, steps: steps)
        work.turnstile.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<atOnce {
                group.addTask { for _ in 0..<max(1, 20_000 / (atOnce * self.steps)) { try await work.runOne() } }
            }
            try await group.waitForAll()
        }
        try await store.close()
        return Double(try journalSize(of: scratch.folder("probe"))) / Double(work.done.load(ordering: .relaxed))
    }
}

extension Engine {
    /// An engine with nothing but what it needs.
    static func measured(_ store: any Store) throws -> Engine {
        let process = ProcessInfo.processInfo
        let worker = try WorkerInfo(
            id: WorkerID(RandomIDGenerator().token()), host: process.hostName, bootID: nil,
            processID: process.processIdentifier)
        return Engine(store: store, configuration: EngineConfiguration(worker: worker))
    }
}
