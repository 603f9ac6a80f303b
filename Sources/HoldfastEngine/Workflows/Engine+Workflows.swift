public import Holdfast
import Logging

extension Engine {
    /// Runs a Swift workflow from its start, durably.
    ///
    /// - Parameters:
    ///   - name: the workflow's name, under which its runs are listed.
    ///   - id: nil for one that the id generator makes. With an id that is used already, nothing runs: resume it instead.
    ///   - input: recorded with the run as the parameter `input`.
    ///   - body: see `WorkflowContext`.
    /// - Returns: what the body returned.
    /// - Throws: `StoreError`, or what the body threw; the run is `failed` then, or `cancelled` or `interrupted` after a
    ///   `WorkflowStop`, and can be resumed.
    public func runWorkflow<Input: Codable & Sendable, Output: Codable & Sendable>(
        _ name: DAGID, id: RunID? = nil, input: Input, labels: [String: String] = [:],
        _ body: (WorkflowContext, Input) async throws -> Output
    ) async throws -> Output {
        let json = try JSONCoding.encode(input, subject: "input of workflow \(name)")
        let created = RunCreated(
            dag: name, params: ["input": json], labels: labels, logicalDate: configuration.clock.now())
        let run = try await create(created, id: id)
        return try await carryOut(run, states: [.queued], input: input, body)
    }

    /// Goes on with a Swift workflow: finished steps answer with their recorded results. The result of a success is
    /// answered without running anything.
    /// - Throws: `notFound`, `leaseHeld` while a live worker has it, and as `runWorkflow`.
    public func resumeWorkflow<Input: Codable & Sendable, Output: Codable & Sendable>(
        _ run: RunID, _ body: (WorkflowContext, Input) async throws -> Output
    ) async throws -> Output {
        let fold = try await store.fold(run)
        if fold.state == .success {
            let reference = XComReference(task: WorkflowContext.resultTask, key: "return_value")
            let result = try await store.loadXCom(reference, fold)
            return try JSONCoding.decode(Output.self, from: result, subject: "result of run \(run)")
        }
        let input = try JSONCoding.decode(
            Input.self, from: fold.params["input"] ?? .null, subject: "input of run \(run)")
        return try await carryOut(run, states: [.queued, .interrupted, .failed, .cancelled], input: input, body)
    }

    private func carryOut<Input: Sendable, Output: Codable & Sendable>(
        _ run: RunID, states: Set<RunState>, input: Input, _ body: (WorkflowContext, Input) async throws -> Output
    ) async throws -> Output {
        let claimed = try await leases.claim(.histories([.run(run)]), states: states)
        guard let (lease, mailbox) = claimed.first else { throw StoreError(.notFound, subject: "run \(run)") }
        do {
            let output = try await carryOut(lease, run: run, mailbox, input: input, body)
            await leases.letGo(of: lease.history)
            return output
        } catch {
            await leases.letGo(of: lease.history)
            throw error
        }
    }

    private func carryOut<Input: Sendable, Output: Codable & Sendable>(
        _ lease: Lease, run: RunID, _ mailbox: Mailbox, input: Input,
        _ body: (WorkflowContext, Input) async throws -> Output
    ) async throws -> Output {
        var owned = try await OwnedRun(lease, id: run, store: store, clock: configuration.clock)
        try owned.stage(owned.fold.state == .queued ? .started : .resumed(Resumed()))
        try await owned.commit()
        let context = WorkflowContext(owned.fold, lease: lease, store: store, clock: configuration.clock)
        let attention = Task { [logger = configuration.logger] in await context.heed(mailbox, logger: logger) }
        defer { attention.cancel() }
        do {
            let output = try await body(context, input)
            if let stop = context.stopReason { throw stop }
            let result = try JSONCoding.encode(output, subject: "result of run \(run)")
            try await context.end(.success, reason: nil, result: result)
            return output
        } catch {
            try await record(error, after: context)
            throw error
        }
    }

    /// Writes why the workflow did not end well. What it threw reaches the caller in any case.
    private func record(_ error: any Error, after context: WorkflowContext) async throws {
        switch context.stopReason {
        case .leaseLost: return
        case .interrupted(let reason): try await context.end(.interrupted, reason: reason)
        case .cancelled(let reason): try await context.end(.cancelled, reason: reason)
        case nil:
            // A store that can't take a step can't take its failure either: the run is left to be resumed.
            if error is StoreError { return }
            if error is CancellationError {
                return try await context.end(.interrupted, reason: "its caller was cancelled")
            }
            try await context.end(.failed, reason: String("\(error)".prefix(1000)))
        }
    }
}

extension WorkflowContext {
    /// Listens to what happens to the run while its body works.
    fileprivate func heed(_ mailbox: Mailbox, logger: Logger) async {
        for await message in mailbox.stream {
            switch message {
            case .tryEnded: break
            case .leaseLost: stop(.leaseLost)
            case .interrupt(let reason): stop(.interrupted(reason: reason))
            case .lookAgain:
                do throws(StoreError) {
                    try await readRequests()
                } catch {
                    logger.warning(
                        "requests could not be read", metadata: ["run.id": "\(runID)", "store.error": "\(error)"])
                }
            }
        }
    }
}
