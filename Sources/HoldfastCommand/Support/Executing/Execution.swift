import ArgumentParser
import Foundation
import Holdfast
import HoldfastEngine
import Logging

/// How runs are executed.
struct EngineArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How long others wait before they take the run over when this worker is cut off.", valueName: "duration"),
        transform: parseDuration)
    var lease: Duration = .seconds(30)
}

/// Executes one run with everything around it: signals, the display, the result and its exit code.
struct Execution {
    private let opened: OpenedStore
    private let format: OutputFormat
    private let display: any ProgressDisplay
    /// What a later command needs to find the store again.
    private let storeOption: String
    let engine: Engine

    /// What belongs to the progress goes to standard output, or to standard error where that is kept for JSON.
    private var talk: Output { format == .text ? .standard : .error }

    init(
        _ opened: OpenedStore, _ arguments: EngineArguments, _ format: OutputFormat, _ store: StoreArguments
    ) throws {
        guard format == .text || format == .json else {
            throw ValidationError("--format \(format.rawValue) is for lists; use text or json")
        }
        self.opened = opened
        self.format = format
        storeOption = store.store.map { " --store \($0)" } ?? ""
        let display = (format == .text ? Output.standard : .error).makeProgressDisplay()
        self.display = display
        engine = Engine.forCommand(opened, lease: arguments.lease) { display.update($0, $1) }
    }

    /// Prints the run's id and carries the run to its end.
    /// - Throws: `CommandFailure` when the run does not end as a success, and what `body` throws.
    func carryOut(_ run: RunID, _ body: (Engine) async throws(StoreError) -> RunFold) async throws {
        let interruption = try Interruption()
        talk.note(run.rawValue)
        let fold: RunFold
        do throws(StoreError) {
            fold = try await interruption.interrupting(engine) { () async throws(StoreError) in try await body(engine) }
        } catch {
            await display.finish()
            throw explained(error, run)
        }
        await display.finish()
        if format == .json { try Output.standard.json(try await opened.store.runs.detail(run).outputJSON) }
        try await close()
        try conclude(fold)
    }

    private func close() async throws(StoreError) { try await opened.store.close() }

    /// What the end of the run means for the one who started it.
    private func conclude(_ fold: RunFold) throws(CommandFailure) {
        let resume = resumeCommand(of: fold.id)
        switch fold.state {
        case .success: return
        case .failed:
            let report = FailureReport(fold, logFolder: opened.logFolder)
            throw CommandFailure(
                .runFailed, "run \(fold.id) failed; mend the cause, then go on with: \(resume)",
                details: report.lines(on: .error))
        case .cancelled:
            let reason = fold.failureReason.map { " (\($0))" } ?? ""
            throw CommandFailure(.runFailed, "run \(fold.id) was cancelled\(reason); go on with: \(resume)")
        default:
            throw CommandFailure(.interrupted, "run \(fold.id) was interrupted; go on with: \(resume)")
        }
    }

    private func resumeCommand(of run: RunID) -> String { "holdfast resume \(run)\(storeOption)" }

    /// An error that leaves the run unfinished says how to go on.
    private func explained(_ error: StoreError, _ run: RunID) -> CommandFailure {
        let isAboutStore = error.exit == .store || error.code == .leaseLost
        let advice = isAboutStore ? "; once that is mended, go on with: \(resumeCommand(of: run))" : ""
        return CommandFailure(error.exit, error.description + advice)
    }
}

extension Engine {
    /// A worker for the time of this process.
    static func forCommand(
        _ opened: OpenedStore, lease: Duration = .seconds(30), observer: (@Sendable (RunFold, [Event]) -> Void)? = nil
    ) -> Engine {
        var logger = Logger(label: "holdfast") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return Engine(
            store: opened.store,
            configuration: EngineConfiguration(
                worker: .thisProcess("command"), leaseDuration: lease, renewalInterval: lease / 3,
                logFolder: opened.logFolder, storeURL: opened.url, logger: logger, observer: observer,
                onPruned: PruneReport.tell))
    }
}

extension DAGDefinition {
    /// Refuses what would be refused as soon as the run began, before there is one.
    func checkSecrets() throws(StoreError) {
        _ = try SecretMasker(named: secrets, in: ProcessInfo.processInfo.environment)
    }
}
