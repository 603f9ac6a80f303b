public import Holdfast
import Foundation
import Logging

/// A worker: claims runs on a store and carries them to their end. One for each operating-system process and store.
///
/// It keeps its leases alive as long as it has runs. Call `interrupt` and await what runs before the process ends, or
/// just end it: then the runs are shown as interrupted, and can be resumed.
public final class Engine: Sendable {
    public let store: any Store
    public let configuration: EngineConfiguration
    let leases: LeaseKeeper

    public init(store: any Store, configuration: EngineConfiguration) {
        self.store = store
        self.configuration = configuration
        leases = LeaseKeeper(store: store, configuration: configuration)
    }

    /// Records a new run of a pipeline, `queued`.
    /// - Parameter id: nil for one that the id generator makes.
    /// - Throws: `alreadyExists` for a used id, and what `commit` throws.
    @discardableResult
    public func create(_ created: RunCreated, id: RunID? = nil) async throws(StoreError) -> RunID {
        let id = id ?? configuration.ids.runID()
        let views = Views(
            store, clock: configuration.clock, ids: configuration.ids, logFolder: configuration.logFolder,
            onPruned: configuration.onPruned ?? log)
        _ = try await views.addRun(id, .created(created))
        return id
    }

    private func log(_ report: PruneReport) {
        if report.runCount > 0 {
            configuration.logger.info("old runs were removed", metadata: ["runs": "\(report.runCount)"])
        }
        for failure in report.failures {
            configuration.logger.warning("old runs could not be removed", metadata: ["error": "\(failure)"])
        }
    }

    /// Executes a run that is `queued`.
    /// - Returns: the run at its end, or `interrupted` after `interrupt` or when the calling task was cancelled.
    /// - Throws: `notFound`, `leaseHeld` when another worker has it, `conflict` when it is not queued, `invalid` when a
    ///   secret or its working directory is missing; `leaseLost` when another worker took it over meanwhile.
    public func execute(_ run: RunID) async throws(StoreError) -> RunFold {
        try await carryOut(run, states: [.queued], .run)
    }

    /// Goes on with a run that is `queued`, `interrupted`, `failed` or `cancelled`; a success is returned as it is.
    /// - Parameters:
    ///   - definition: a mended one to follow from here on.
    ///   - params: changed parameters, merged over the recorded ones.
    /// - Throws: as `execute`.
    public func resume(
        _ run: RunID, definition: DAGDefinition? = nil, params: [String: JSONValue] = [:]
    ) async throws(StoreError) -> RunFold {
        if try await state(of: run) == .success { return try await store.fold(run) }
        do throws(StoreError) {
            return try await carryOut(
                run, states: RunState.resumable, .resume(definition: definition, params: params))
        } catch {
            // Another worker may have brought it to its end since.
            guard error.code == .conflict, try await state(of: run) == .success else { throw error }
            return try await store.fold(run)
        }
    }

    /// Cancels a run: asks its live worker to, or does it at once when there is none. Without effect on one that has ended.
    /// - Returns: true when the run has ended, false when its worker was asked.
    public func cancel(_ run: RunID, reason: String? = nil) async throws(StoreError) -> Bool {
        if try await state(of: run).isTerminal { return true }
        do throws(StoreError) {
            _ = try await carryOut(run, states: [.queued, .interrupted], .cancel(reason: reason))
            return true
        } catch {
            if error.code == .conflict, try await state(of: run).isTerminal { return true }
            guard error.code == .leaseHeld else { throw error }
            try await store.request(.cancelRequested(reason: reason), of: run, at: configuration.clock.now())
            return false
        }
    }

    /// Ends the tries of all runs of this engine and leaves the runs `interrupted`, to be resumed; those that it is
    /// given afterwards as well.
    public func interrupt(reason: String) async { await leases.interruptAll(reason: reason) }

    /// Ends what a dead worker's tries left behind, when there is one: their processes, and logs in which secrets are not
    /// masked yet. For who changes or removes a run without going on with it. A run that a live worker has is left alone.
    /// - Throws: `notFound`, and `unavailable` for processes that can't be ended.
    public func endLeftovers(of run: RunID) async throws(StoreError) {
        guard try await store.fold(run).taskCounts[.running] != nil else { return }
        do throws(StoreError) {
            guard let (lease, _) = try await leases.claim(.histories([.run(run)]), states: [.interrupted]).first
            else { return }
            let released = await endLeftovers(under: lease, of: run)
            await leases.letGo(of: lease.history)
            try released.get()
        } catch {
            // Somebody is at work on it, or was a moment ago.
            guard [.leaseHeld, .conflict].contains(error.code) else { throw error }
        }
    }

    private func endLeftovers(under lease: Lease, of run: RunID) async -> Result<Void, StoreError> {
        do throws(StoreError) {
            var owned = try await OwnedRun(lease, id: run, store: store, clock: configuration.clock)
            try await endLeftovers(of: owned.fold)
            try await owned.commit(releasing: true)
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private func endLeftovers(of fold: RunFold) async throws(StoreError) {
        try await Leftovers(of: fold.definition, configuration: configuration).end(of: fold)
    }

    // MARK: Carrying out

    private func state(of run: RunID) async throws(StoreError) -> RunState {
        try await store.summary(of: .run(run)).folded.state
    }

    private func carryOut(
        _ run: RunID, states: Set<RunState>, _ purpose: RunExecutor.Purpose
    ) async throws(StoreError) -> RunFold {
        let claimed = try await leases.claim(.histories([.run(run)]), states: states)
        guard let (lease, mailbox) = claimed.first else { throw StoreError(.notFound, subject: "run \(run)") }
        do throws(StoreError) {
            let fold = try await carryOut(lease, run: run, mailbox, purpose)
            await leases.letGo(of: lease.history)
            return fold
        } catch {
            await leases.letGo(of: lease.history)
            throw error
        }
    }

    private func carryOut(
        _ lease: Lease, run: RunID, _ mailbox: Mailbox, _ purpose: RunExecutor.Purpose
    ) async throws(StoreError) -> RunFold {
        var owned = try await OwnedRun(lease, id: run, store: store, clock: configuration.clock)
        do throws(StoreError) {
            if case .cancel(let reason) = purpose, !owned.fold.hasExitHook || owned.fold.startedAt == nil {
                try await endLeftovers(of: owned.fold)
                try owned.stage(.finished(state: .cancelled, reason: reason))
                try await owned.commit(releasing: true)
                return owned.fold
            }
            let definition = try check(owned.fold, purpose)
            return try await execute(owned, definition, mailbox, purpose)
        } catch {
            // What could not begin is given back as it was found; a lease that is lost needs no giving back.
            if error.code == .invalid { try await owned.commit(releasing: true) }
            throw error
        }
    }

    /// Runs the executor in a task of its own: when the caller is cancelled, the run is interrupted in good order.
    private func execute(
        _ owned: OwnedRun, _ definition: DAGDefinition, _ mailbox: Mailbox, _ purpose: RunExecutor.Purpose
    ) async throws(StoreError) -> RunFold {
        let runner = try TryRunner(definition, store: store, configuration: configuration)
        let task = Task { [store, configuration] () async -> Result<RunFold, StoreError> in
            do throws(StoreError) {
                var executor = try RunExecutor(
                    owned, definition: definition, mailbox: mailbox, runner: runner, store: store,
                    configuration: configuration)
                return .success(try await executor.execute(purpose))
            } catch {
                return .failure(error)
            }
        }
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            mailbox.post(.interrupt(reason: "its caller was cancelled"))
        }
        return try result.get()
    }

    /// What has to be there before a pipeline run can go on.
    private func check(_ fold: RunFold, _ purpose: RunExecutor.Purpose) throws(StoreError) -> DAGDefinition {
        var mended: DAGDefinition?
        if case .resume(let definition, _) = purpose { mended = definition }
        guard let definition = mended ?? fold.definition else {
            let reason =
                fold.isImported
                ? "it was imported without what its tasks do; name its pipeline with --file"
                : "it is a Swift workflow; only the program that has its code can go on"
            throw StoreError(.invalid, subject: "run \(fold.id)", detail: reason)
        }
        if let folder = fold.created?.workingDirectory {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
                throw StoreError(
                    .invalid, subject: "working directory \(folder)", detail: "it is not there; make it again")
            }
        }
        return definition
    }
}

extension RunFold {
    fileprivate var hasExitHook: Bool { definition?.hooks[.onExit] != nil }
}
