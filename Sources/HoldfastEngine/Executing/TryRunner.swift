import Foundation
import Holdfast
import Logging

/// Runs tries as processes and takes over what they leave. It touches no history: the executor writes the checkpoint.
struct TryRunner: Sendable {
    let store: any Store
    let configuration: EngineConfiguration
    private let masker: SecretMasker
    private let folders: WorkerFolders

    /// - Throws: `invalid` when a secret is missing from the environment or too short.
    init(
        _ definition: DAGDefinition, store: any Store, configuration: EngineConfiguration
    ) throws(StoreError) {
        self.store = store
        self.configuration = configuration
        masker = try SecretMasker(named: definition.secrets, in: ProcessInfo.processInfo.environment)
        folders = WorkerFolders(configuration)
    }

    /// Ends and clears away what a dead worker's tries left behind.
    func endLeftovers(of fold: RunFold) async throws(StoreError) {
        try await Leftovers(masker: masker, configuration: configuration).end(of: fold)
    }

    /// Clears away what all tries of a run wrote their outputs into, once none is at work.
    func clear(_ run: RunID) throws(StoreError) { try TryFolder.removeAll(of: run, root: folders.work) }

    private func log(of job: TryJob) -> TryLog {
        TryLog(
            root: folders.logs, run: job.run, task: job.task.id, mapIndex: job.filedIndex, try: job.started.tryNumber)
    }

    // MARK: One try

    /// Never throws: whatever goes wrong is how the try went. Cancelling the calling task ends its processes.
    func run(_ job: TryJob) async -> TryOutcome {
        let folder = TryFolder(
            root: folders.work, run: job.run, instance: job.instance, tryNumber: job.started.tryNumber)
        do throws(StoreError) {
            if let token = job.previousToken.flatMap(TryToken.init(rawValue:)) {
                try await ProcessHunt.end(tryToken: token, gracePeriod: configuration.gracePeriod)
            }
            let values = try await values(of: job)
            let key = try cacheKey(of: job, values)
            if let key, let found = try await cached(key, for: job) { return found }
            try folder.make()
            let result = try await process(job, values, folder)
            let outcome = try await outcome(of: result, job, folder)
            if let key { await keep(outcome, as: key, of: job) }
            try folder.remove()
            return outcome
        } catch {
            return TryOutcome(ending: .failure(error: masker.mask(error.description)))
        }
    }

    private func process(
        _ job: TryJob, _ values: [XComReference: JSONValue], _ folder: TryFolder
    ) async throws(StoreError) -> TaskProcessResult {
        guard let token = TryToken(rawValue: job.started.tryToken) else {
            throw StoreError(.invalid, subject: "try token of \(job.instance)")
        }
        var environment = try environment(of: job, values)
        environment["HOLDFAST_OUTPUT"] = folder.output
        environment["HOLDFAST_ARTIFACTS"] = folder.artifacts
        let clock = configuration.clock
        return await TaskProcess.run(
            TaskProcessRequest(
                action: job.task.action, environment: environment, workingDirectory: job.workingDirectory,
                log: log(of: job), tryToken: token, masker: masker, timeout: job.task.timeout,
                gracePeriod: configuration.gracePeriod, now: { clock.now() })
        )
    }

    private func values(of job: TryJob) async throws(StoreError) -> [XComReference: JSONValue] {
        var values: [XComReference: JSONValue] = [:]
        for (reference, source) in job.xcoms {
            values[reference] = try await store.value(of: source, key: reference.key, run: job.run)
        }
        return values
    }

    private func environment(
        of job: TryJob, _ values: [XComReference: JSONValue]
    ) throws(StoreError) -> [String: String?] {
        let made: TaskEnvironment
        do throws(TaskEnvironmentError) {
            made = try TaskEnvironment(job.templates, xcomKeys: job.xcomKeys, in: job.templateContext(values: values))
        } catch {
            throw StoreError(
                .invalid, subject: "environment of \(job.instance)", detail: error.description, cause: error)
        }
        var environment: [String: String?] = made.variables
        for omission in made.omissions {
            environment[omission.name] = .some(nil)
            configuration.logger.notice(
                "a value was left out of a task's environment; read it with holdfast xcom",
                metadata: ["run.id": "\(job.run)", "task.id": "\(job.instance)", "omission": "\(omission)"])
        }
        environment["HOLDFAST_RUN_ID"] = job.run.rawValue
        environment["HOLDFAST_TASK_ID"] = job.task.id.rawValue
        environment["HOLDFAST_TRY"] = String(job.started.tryNumber)
        environment["HOLDFAST_IDEMPOTENCY_KEY"] = job.idempotencyKey
        environment["HOLDFAST_MAP_INDEX"] = .some(job.instance.mapIndex.map(String.init))
        environment["HOLDFAST_STORE"] = .some(configuration.storeURL)
        environment["HOLDFAST_RUN_STATE"] = .some(job.outcome?.rawValue)
        return environment
    }

    // MARK: What it left

    private func outcome(
        of result: TaskProcessResult, _ job: TryJob, _ folder: TryFolder
    ) async throws(StoreError) -> TryOutcome {
        var outcome = TryOutcome(ending: .failure(error: ""))
        switch result.ending {
        case .exited(let code):
            outcome.exitCode = Int(code)
            outcome.ending = code == 0 ? .success : .failure(error: sentence("exit code \(code)", result))
        case .signalled(let signal): outcome.ending = .failure(error: sentence("ended by signal \(signal)", result))
        case .timedOut:
            let limit = job.task.timeout?.pipelineText ?? ""
            outcome.ending = .failure(error: sentence("timed out after \(limit)", result))
        case .cancelled: outcome.ending = .stopped
        case .couldNotStart(let reason): outcome.ending = .failure(error: reason)
        }
        guard outcome.ending == .success else { return outcome }
        if let problem = result.problems.first {
            outcome.ending = .failure(error: problem)
            return outcome
        }
        let outputs = try await TaskOutputs.read(
            log: log(of: job).output, outputFile: folder.output, artifactFolder: folder.artifacts, task: job.task.id,
            mapIndex: job.instance.mapIndex, masker: masker)
        outcome.xcoms = outputs.xcoms
        for file in outputs.artifacts { outcome.artifacts.append(try await save(file, of: job)) }
        return outcome
    }

    /// The reason, and what the task said last: the first thing that a person wants to know.
    private func sentence(_ reason: String, _ result: TaskProcessResult) -> String {
        let last = result.logTail.last { !$0.allSatisfy(\.isWhitespace) }
        return masker.mask(last.map { "\(reason): \($0.prefix(300))" } ?? reason)
    }

    private func save(_ file: ArtifactFile, of job: TryJob) async throws(StoreError) -> ArtifactReference {
        let blob = try await store.writeBlob(ByteStream(fileAt: file.path))
        return ArtifactReference(
            key: file.key, task: job.task.id, mediaType: file.mediaType, digest: blob.digest, size: blob.size)
    }
}
