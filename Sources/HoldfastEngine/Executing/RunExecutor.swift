import Holdfast
import Logging

/// Carries one pipeline run from where it stands to its end: decide, commit, perform, wait, and again.
struct RunExecutor {
    /// Why the executor takes the run up.
    enum Purpose: Sendable {
        case run
        /// By a mended definition or with changed parameters.
        case resume(definition: DAGDefinition?, params: [String: JSONValue])
        /// End it; only `on_exit` still runs.
        case cancel(reason: String?)
    }

    private var owned: OwnedRun
    private var rules: PipelineRules
    private var loaded: [XComReference: JSONValue] = [:]
    private var isCancelling = false
    private var interruption: String?
    private var tries: [InstanceID: Task<Void, Never>] = [:]
    private var wakeUp: Task<Void, Never>?
    private let mailbox: Mailbox
    private var messages: AsyncStream<RunMessage>.Iterator
    private let runner: TryRunner
    private let store: any Store
    private let configuration: EngineConfiguration

    init(
        _ owned: OwnedRun, definition: DAGDefinition, mailbox: Mailbox, runner: TryRunner, store: any Store,
        configuration: EngineConfiguration
    ) throws(StoreError) {
        self.owned = owned
        self.mailbox = mailbox
        messages = mailbox.stream.makeAsyncIterator()
        self.runner = runner
        self.store = store
        self.configuration = configuration
        rules = try Self.rules(of: definition)
        rules.activeSince = configuration.clock.now()
    }

    private static func rules(of definition: DAGDefinition) throws(StoreError) -> PipelineRules {
        do throws(TemplateError) {
            return try PipelineRules(definition)
        } catch {
            throw StoreError(.invalid, subject: "DAG \(definition.name)", detail: error.description, cause: error)
        }
    }

    /// - Returns: the run's state at its end, or `interrupted`.
    /// - Throws: `leaseLost` after ending the run's processes, and errors of the store.
    mutating func execute(_ purpose: Purpose) async throws(StoreError) -> RunFold {
        do throws(StoreError) {
            try await begin(purpose)
            while interruption == nil {
                if let end = try await advance() {
                    try await commit(.finished(state: end.state, reason: end.reason))
                    return owned.fold
                }
                try await handle(await nextMessage())
            }
            try await stageLastCheckpoints()
            try await commit(.interrupted(reason: interruption ?? ""))
            return owned.fold
        } catch {
            for task in tries.values { task.cancel() }
            for task in tries.values { await task.value }
            throw error
        }
    }

    // MARK: Beginning

    private mutating func begin(_ purpose: Purpose) async throws(StoreError) {
        var definition: DAGDefinition?
        var params: [String: JSONValue] = [:]
        switch purpose {
        case .run: break
        case .resume(let mended, let changed): (definition, params) = (mended, changed)
        case .cancel: isCancelling = true
        }
        let inFlight = owned.fold.running.map { owned.fold.instances[$0] }
        try await runner.endLeftovers(of: owned.fold)
        if owned.fold.state == .queued, definition == nil, params.isEmpty { return try owned.stage(.started) }
        try owned.stage(.resumed(Resumed(definition: definition, params: params, inFlight: inFlight.map(\.id))))
    }

    // MARK: The loop

    /// Decides and stages until nothing is left to decide, commits, then starts and stops what was decided.
    private mutating func advance() async throws(StoreError) -> Decision.End? {
        var starts: [(TaskStarted, previousToken: String?)] = []
        var decision: Decision
        repeat {
            decision = Decider.decide(owned.fold, rules: rules, context: decisionContext)
            for event in decision.events { try owned.stage(event) }
            for id in decision.starts { starts.append(try stageStart(of: id)) }
            if !decision.loads.isEmpty { try await load(decision.loads) }
        } while decision.isWorkLeft
        try await commitStaged()
        for (started, previousToken) in starts { launch(started, previousToken) }
        for id in decision.stops { tries[id]?.cancel() }
        scheduleWakeUp(at: decision.wakeAt)
        return decision.end
    }

    private mutating func load(_ references: Set<XComReference>) async throws(StoreError) {
        // What is still staged can't be read from the store.
        try await commitStaged()
        for reference in references { loaded[reference] = try await store.loadXCom(reference, owned.fold) }
    }

    private var decisionContext: DecisionContext {
        DecisionContext(
            now: configuration.clock.now(), defaultParallel: configuration.defaultParallel, isCancelling: isCancelling,
            loaded: loaded)
    }

    private mutating func stageStart(of id: InstanceID) throws(StoreError) -> (TaskStarted, previousToken: String?) {
        let previousToken = owned.fold.instance(id)?.tryToken
        let tryNumber = owned.fold.nextTry(of: id)
        let started = TaskStarted(instance: id, tryNumber: tryNumber, tryToken: configuration.ids.token())
        try owned.stage(.taskStarted(started))
        return (started, previousToken)
    }

    private mutating func launch(_ started: TaskStarted, _ previousToken: String?) {
        let job = TryJob(started, in: owned.fold, rules: rules, previousToken: previousToken)
        tries[started.instance] = Task { [mailbox, runner] in
            let outcome = await runner.run(job)
            mailbox.post(.tryEnded(started.instance, outcome))
        }
    }

    private mutating func scheduleWakeUp(at time: Timestamp?) {
        wakeUp?.cancel()
        wakeUp = nil
        guard let time else { return }
        let delay = max(.zero, time - configuration.clock.now())
        wakeUp = Task { [mailbox] in
            do { try await Task.sleep(for: delay + .milliseconds(1)) } catch { return }
            mailbox.post(.lookAgain)
        }
    }

    private mutating func nextMessage() async -> RunMessage {
        guard let message = await messages.next(isolation: #isolation) else {
            preconditionFailure("the mailbox of run \(owned.id) ended")
        }
        return message
    }

    private mutating func handle(_ message: RunMessage) async throws(StoreError) {
        switch message {
        case .tryEnded(let id, let outcome):
            tries[id] = nil
            try owned.stage(checkpoint(of: id, outcome))
        case .lookAgain: try await owned.readRequests()
        case .leaseLost(let error): throw error
        case .interrupt(let reason): interruption = reason
        }
    }

    private func checkpoint(of id: InstanceID, _ outcome: TryOutcome) throws(StoreError) -> EventPayload {
        guard let instance = owned.fold.instance(id) else {
            throw StoreError(.corrupt, subject: "run \(owned.id)", detail: "a try of the unknown instance \(id) ended")
        }
        if outcome.ending == .stopped, let mark = owned.fold.requestedMarks.first(where: { $0.instance == id }) {
            return .taskMarked(mark)
        }
        var finished = TaskFinished(
            instance: id, tryNumber: instance.tryNumber, state: .success, exitCode: outcome.exitCode,
            xcoms: outcome.xcoms, artifacts: outcome.artifacts, cachedAs: outcome.cachedAs)
        switch outcome.ending {
        case .success: break
        case .stopped: finished.state = .cancelled
        case .failure(let error):
            finished.error = error
            finished.retryAt = retryTime(of: instance)
            finished.state = finished.retryAt == nil ? .failed : .upForRetry
        }
        return .taskFinished(finished)
    }

    /// Nil when no retry is left, or none is wanted any more.
    private func retryTime(of instance: TaskInstance) -> Timestamp? {
        guard instance.tryNumber < instance.maxTries, !isCancelling, owned.fold.cancelRequestedAt == nil,
            let task = owned.fold.node(instance.id.task)?.definition
        else { return nil }
        let retry = task.retries + 1 - (instance.maxTries - instance.tryNumber)
        let spread = Double.random(in: RetryPolicy.jitter)
        return configuration.clock.now() + RetryPolicy.delay(of: task, retry: retry, spread: spread)
    }

    // MARK: Committing

    private mutating func commitStaged(releasing: Bool = false) async throws(StoreError) {
        guard owned.hasStaged || releasing else { return }
        let events = try await owned.commit(releasing: releasing, patience: configuration.leaseDuration / 2)
        configuration.observer?(owned.fold, events)
    }

    private mutating func commit(_ last: EventPayload) async throws(StoreError) {
        wakeUp?.cancel()
        // Before the lease goes back: afterwards the folder may be another worker's.
        do throws(StoreError) {
            try runner.clear(owned.id)
        } catch {
            configuration.logger.warning(
                "folders of finished tries could not be removed",
                metadata: ["run.id": "\(owned.id)", "error": "\(error)"])
        }
        try owned.stage(last)
        try await commitStaged(releasing: true)
    }

    // MARK: Stopping

    /// Ends all tries. What those that were stopped did stays in flight, for a later resume; those that had ended by
    /// themselves get their checkpoint.
    private mutating func stageLastCheckpoints() async throws(StoreError) {
        for task in tries.values { task.cancel() }
        while !tries.isEmpty {
            guard case .tryEnded(let id, let outcome) = await nextMessage() else { continue }
            tries[id] = nil
            if outcome.ending != .stopped { try owned.stage(checkpoint(of: id, outcome)) }
        }
    }
}

extension RunFold {
    func nextTry(of id: InstanceID) -> Int {
        (instance(id)?.tryNumber ?? node(id.task)?.lastTry ?? 0) + 1
    }
}
