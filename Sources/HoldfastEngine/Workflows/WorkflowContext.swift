public import Holdfast
import Synchronization

/// What a Swift workflow does its work through: steps that are done once, whatever happens in between.
///
/// A step whose checkpoint was committed is never run again: when the workflow is resumed, its body runs from the top and
/// each finished step answers with its recorded result. So the body must name and order its steps by nothing but
/// its input and the results of earlier steps.
public final class WorkflowContext: Sendable {
    public let runID: RunID
    /// Every parameter of the run; the input is `input`.
    public let params: [String: JSONValue]
    private let lease: Lease
    private let store: any Store
    private let clock: any WallClock
    /// What the summary said when this life of the run began.
    private let columns: Summary.Folded
    private let state: Mutex<State>

    private struct State {
        /// The last sequence known to be in the history.
        var lastKnown: Int64
        /// Results of finished steps.
        var recorded: [TaskID: XComSource]
        var used: Set<TaskID> = []
        /// Steps finished in this life.
        var completed = 0
        /// Set once: what every later step throws.
        var stop: WorkflowStop?
    }

    init(_ fold: RunFold, lease: Lease, store: any Store, clock: any WallClock) {
        runID = fold.id
        params = fold.params
        columns = fold.summaryColumns
        self.lease = lease
        self.store = store
        self.clock = clock
        var recorded: [TaskID: XComSource] = [:]
        for node in fold.nodes where node.slots.contains(where: { fold.instances[$0].state == .success }) {
            recorded[node.id] = fold.xcomSource(of: XComReference(task: node.id, key: "return_value"))
        }
        state = Mutex(State(lastKnown: fold.sequence, recorded: recorded))
    }

    /// Does a piece of work once, durably.
    ///
    /// - Parameters:
    ///   - name: unique within the run; an identifier.
    ///   - retries: how often a body that throws is tried again.
    ///   - retryDelay: before the first retry; doubled from one to the next, at most 5 minutes.
    /// - Returns: what the body returned, now or in an earlier life of the run.
    /// - Throws: what the body threw last; `WorkflowStop` once the run is cancelled, interrupted or taken over; `StoreError`
    ///   for an invalid or repeated name, a recorded result of another type, and from the commit.
    public func step<Value: Codable & Sendable>(
        _ name: String, retries: Int = 0, retryDelay: Duration = .seconds(1), _ body: () async throws -> Value
    ) async throws -> Value {
        let task = try TaskID(name)
        if let recorded = try begin(task) {
            let value = try await store.value(of: recorded, key: "return_value", run: runID)
            return try JSONCoding.decode(Value.self, from: value, subject: "step \(task) of run \(runID)")
        }
        let (value, tries) = try await attempt(body, retries: retries, retryDelay: retryDelay)
        let result = try JSONCoding.encode(value, subject: "step \(task) of run \(runID)")
        try await commit([.stepCompleted(StepCompleted(task: task, tryNumber: tries, value: result))])
        return value
    }

    /// The recorded result of a finished step, or nil when it is to be done.
    private func begin(_ task: TaskID) throws -> XComSource? {
        try state.withLock { state throws -> XComSource? in
            if let stop = state.stop { throw stop }
            guard state.used.insert(task).inserted else {
                throw StoreError(.invalid, subject: "step \(task) of run \(runID)", detail: "the name is used twice")
            }
            return state.recorded.removeValue(forKey: task)
        }
    }

    private func attempt<Value>(
        _ body: () async throws -> Value, retries: Int, retryDelay: Duration
    ) async throws -> (Value, tries: Int) {
        var delay = retryDelay
        var tries = 1
        while true {
            do {
                return (try await body(), tries)
            } catch {
                guard tries <= retries, !(error is CancellationError), !(error is WorkflowStop) else { throw error }
            }
            try await Task.sleep(for: min(delay, RetryPolicy.longestDelay))
            delay *= 2
            tries += 1
        }
    }

    // MARK: Committing

    private func commit(_ payloads: [EventPayload]) async throws {
        let known = try state.withLock { state throws -> Int64 in
            if let stop = state.stop { throw stop }
            return state.lastKnown
        }
        let changeset = Changeset(appends: [append(payloads, lastKnown: known)])
        let receipt = try await store.commitRetrying(changeset)
        guard let written = receipt.sequences.first else { return }
        state.withLock { state in
            state.lastKnown = max(state.lastKnown, written.upperBound)
            state.completed += 1
        }
        // Somebody made a request, or another step of this run committed meanwhile.
        if written.lowerBound > known + 1 { try await readRequests(from: known + 1) }
    }

    private func append(_ payloads: [EventPayload], lastKnown: Int64) -> Changeset.Append {
        let now = clock.now()
        return Changeset.Append(
            .run(runID), token: lease.token, lastKnown: lastKnown, events: payloads.map { NewEvent(at: now, $0) })
    }

    /// The last commit of this life: how it ended, the summary, and the lease given back.
    func end(_ next: RunState, reason: String?, result: JSONValue? = nil) async throws(StoreError) {
        let (known, completed) = state.withLock { ($0.lastKnown, $0.completed) }
        var payloads: [EventPayload] =
            result.map { [.stepCompleted(StepCompleted(task: Self.resultTask, value: $0))] } ?? []
        payloads.append(
            next == .interrupted ? .interrupted(reason: reason ?? "") : .finished(state: next, reason: reason))
        let append = append(payloads, lastKnown: known)
        var columns = columns
        columns.state = next
        columns.failureReason = reason
        columns.updatedAt = append.events[0].time
        columns.endedAt = next.isTerminal ? append.events[0].time : nil
        let succeeded = completed + (result == nil ? 0 : 1)
        if succeeded > 0 { columns.taskCounts[.success, default: 0] += succeeded }
        _ = try await store.commitRetrying(
            Changeset(
                appends: [append],
                summaries: [.update(SummaryUpdate(.run(runID), folded: columns, token: lease.token))],
                releases: [Changeset.Release(.run(runID), token: lease.token)]))
    }

    /// Where a workflow's result is kept: a task that no step should be called.
    static let resultTask = TaskID(unchecked: "return")

    /// Looks for a cancel among the newest events, and stops the workflow if there is one.
    func readRequests(from first: Int64? = nil) async throws(StoreError) {
        let first = first ?? state.withLock { $0.lastKnown + 1 }
        for event in try await store.events(of: .run(runID), from: first) {
            if case .cancelRequested(let reason) = event.payload { stop(.cancelled(reason: reason)) }
        }
    }

    /// Every later step throws this.
    func stop(_ stop: WorkflowStop) { state.withLock { $0.stop = $0.stop ?? stop } }

    var stopReason: WorkflowStop? { state.withLock(\.stop) }
}

/// Why a workflow can't go on here.
public enum WorkflowStop: Error, Sendable, Equatable {
    /// Somebody cancelled the run.
    case cancelled(reason: String?)
    /// This worker is told to stop; the run can be resumed.
    case interrupted(reason: String)
    /// Another worker has taken the run over.
    case leaseLost
}
