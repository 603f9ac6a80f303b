import Glibc
import Holdfast
import Subprocess
import SystemPackage

/// Runs one try of a task as an operating-system process with a process group of its own.
package enum TaskProcess {
    /// Returns once the leader and everything in its group have ended, and the logs are complete.
    ///
    /// Standard input is empty. Standard output and error are files that the processes append to themselves, so that
    /// nothing is lost when this process dies. When `timeout` has passed or the calling task is cancelled, the group
    /// gets SIGTERM, and SIGKILL after `gracePeriod`. When the leader ends by itself, what is left of the group is ended
    /// likewise. Whoever left the group (`setsid`) is for `ProcessHunt` to find.
    package static func run(_ request: TaskProcessRequest) async -> TaskProcessResult {
        if Task.isCancelled {
            let now = request.now()
            return TaskProcessResult(
                ending: .cancelled, processID: nil, startedAt: now, endedAt: now, lastOutputLine: .none, logTail: [],
                problems: [])
        }
        let (cancellation, cancel) = AsyncStream.makeStream(of: Void.self)
        // A task of its own, because swift-subprocess answers a cancellation by killing the leader alone.
        let task = Task { await TaskProcessRun(request: request, cancellation: cancellation).run() }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            cancel.yield()
        }
    }
}

private struct TaskProcessRun {
    typealias Leader = Execution<NoInput, FileDescriptorOutput, FileDescriptorOutput>

    let request: TaskProcessRequest
    let cancellation: AsyncStream<Void>

    func run() async -> TaskProcessResult {
        let startedAt = request.now()
        do throws(StartFailure) {
            let launch = try TaskLaunch(request)
            let logs = try TryLogFiles(request.log, raw: !request.masker.isEmpty)
            defer { logs.close() }
            let masking = startMasking()
            let outcome = await run(launch, logs)
            masking?.cancel()
            let masked = await masking?.value ?? .success(())
            return result(of: outcome, startedAt, masked)
        } catch {
            return result(
                of: Outcome(ending: .couldNotStart(reason: error.reason), endedAt: startedAt), startedAt, .success(()))
        }
    }

    private func startMasking() -> Task<Result<Void, StoreError>, Never>? {
        guard !request.masker.isEmpty else { return nil }
        return Task {
            do throws(StoreError) {
                return .success(try await LogMasking.follow(request.log, with: request.masker))
            } catch {
                return .failure(error)
            }
        }
    }

    // MARK: - The processes

    private struct Outcome {
        var ending: TaskProcessResult.Ending
        var processID: Int32?
        var endedAt: Timestamp
        var problems: [String] = []
    }

    private enum Cause: Sendable { case ended, timedOut, cancelled }

    private struct Watched: Sendable {
        let cause: Cause
        let processID: Int32
        let endedAt: Timestamp
        /// Until then, what the leader left behind may end by itself.
        let deadline: ContinuousClock.Instant
    }

    private func run(_ launch: TaskLaunch, _ logs: TryLogFiles) async -> Outcome {
        guard LiveTries.begin(request.tryToken) else { return Outcome(ending: .cancelled, endedAt: request.now()) }
        defer { LiveTries.end(request.tryToken) }
        do {
            let result = try await Subprocess.run(
                launch.configuration, input: .none,
                output: .fileDescriptor(logs.output, closeAfterSpawningProcess: false),
                error: .fileDescriptor(logs.error, closeAfterSpawningProcess: false)
            ) { await watch($0) }
            let watched = result.closureResult
            return Outcome(
                ending: ending(watched.cause, result.terminationStatus), processID: watched.processID,
                endedAt: watched.endedAt, problems: await endRest(watched))
        } catch {
            return Outcome(ending: .couldNotStart(reason: launch.explain(error).reason), endedAt: request.now())
        }
    }

    private func ending(_ cause: Cause, _ status: TerminationStatus) -> TaskProcessResult.Ending {
        switch (cause, status) {
        case (.timedOut, _): .timedOut
        case (.cancelled, _): .cancelled
        case (.ended, .exited(let code)): .exited(code: code)
        case (.ended, .signaled) where LiveTries.isEnding: .cancelled
        case (.ended, .signaled(let signal)): .signalled(signal)
        }
    }

    /// Returns when the leader has ended and is not reaped yet; whoever else is in the group has had SIGTERM by then.
    private func watch(_ leader: Leader) async -> Watched {
        let group = ProcessGroup(id: leader.processIdentifier.value)
        LiveTries.note(group.id, of: request.tryToken)
        return await withTaskGroup(of: Sight.self) { sights in
            sights.addTask { await ended(leader) }
            sights.addTask { await cancelled() }
            if let timeout = request.timeout { sights.addTask { await passed(timeout, .timeout) } }
            let cause = await firstCause(in: &sights)
            group.send(SIGTERM)
            let grace = cause == .ended ? request.leftoverGracePeriod : request.gracePeriod
            let deadline = ContinuousClock.now + grace
            if cause != .ended {
                sights.addTask { await passed(grace, .grace) }
                await waitForEnd(of: group, in: &sights)
            }
            sights.cancelAll()
            return Watched(cause: cause, processID: group.id, endedAt: request.now(), deadline: deadline)
        }
    }

    private enum Sight: Sendable { case leaderEnded, cancelled, timeout, grace, nothing }

    private func firstCause(in sights: inout TaskGroup<Sight>) async -> Cause {
        while let sight = await sights.next() {
            switch sight {
            case .leaderEnded: return .ended
            case .cancelled: return .cancelled
            case .timeout: return .timedOut
            case .grace, .nothing: continue
            }
        }
        return .ended
    }

    private func waitForEnd(of group: ProcessGroup, in sights: inout TaskGroup<Sight>) async {
        while let sight = await sights.next(), sight != .leaderEnded {
            if sight == .grace { group.send(SIGKILL) }
        }
    }

    /// swift-subprocess offers no wait for the leader that leaves it unreaped but this one: a teardown whose first step
    /// is no signal at all and lasts (ten years) until the leader has ended.
    private func ended(_ leader: Leader) async -> Sight {
        let noSignal = TeardownStep.send(signal: Signal(rawValue: 0), allowedDurationToNextStep: .seconds(315_360_000))
        await leader.teardown(using: [noSignal])
        return .leaderEnded
    }

    private func cancelled() async -> Sight {
        for await _ in cancellation { return .cancelled }
        return .nothing
    }

    private func passed(_ duration: Duration, _ sight: Sight) async -> Sight {
        do { try await Task.sleep(for: duration) } catch { return .nothing }
        return sight
    }

    private func endRest(_ watched: Watched) async -> [String] {
        do throws(Errno) {
            let left = try await ProcessGroup(id: watched.processID).endRest(deadline: watched.deadline)
            return left.isEmpty ? [] : ["processes \(left) of the task have not ended though they were sent SIGKILL"]
        } catch {
            return ["can't tell whether processes of the task are left: /proc can't be read: \(error)"]
        }
    }

    // MARK: - The result

    private func result(
        of outcome: Outcome, _ startedAt: Timestamp, _ masked: Result<Void, StoreError>
    ) -> TaskProcessResult {
        var problems = outcome.problems
        var line = LogTail.LastLine.none
        var tail: [String] = []
        do throws(StoreError) {
            try masked.get()
            line = try LogTail.lastLine(of: request.log.output)
            if outcome.ending != .exited(code: 0) { tail = try logTail() }
        } catch {
            problems.append("the log is incomplete: \(error)")
        }
        return TaskProcessResult(
            ending: outcome.ending, processID: outcome.processID, startedAt: startedAt, endedAt: outcome.endedAt,
            lastOutputLine: line, logTail: tail, problems: problems)
    }

    private func logTail() throws(StoreError) -> [String] {
        let count = 20
        let error = try LogTail.lines(last: count, of: request.log.error)
        return try LogTail.lines(last: count - error.count, of: request.log.output) + error
    }
}
