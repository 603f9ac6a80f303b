import ArgumentParser
import Holdfast
import HoldfastEngine

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels a run.",
        discussion: """
            A live worker is asked, and given some seconds to confirm; a run without one is cancelled at once. Its on_exit \
            hook still runs. A run that has ended is left as it is.

            Example: holdfast cancel 7xk2 --reason "wrong input"
            """)

    /// How long a live worker has to confirm before the command no longer waits for it.
    private static let patience = Duration.seconds(15)

    @OptionGroup var run: RunArgument

    @Option(help: "Why, for the history.")
    var reason: String?

    @OptionGroup var store: StoreArguments

    func run() async throws {
        let opened = try await store.openExisting()
        let summary = try await run.find(in: opened.store)
        let id = RunID(unchecked: summary.id.id)
        guard !summary.folded.state.isTerminal else {
            return try Output.standard.line("run \(id) has ended already: \(summary.folded.state.rawValue)")
        }
        let interruption = try Interruption()
        let engine = Engine.forCommand(opened)
        let isDone = try await interruption.interrupting(engine) { try await engine.cancel(id, reason: reason) }
        let state =
            isDone
            ? try await opened.store.summary(of: .run(id)).folded.state
            : try await end(of: id, opened.store, interruption)
        try await opened.store.close()
        switch state {
        case .interrupted:
            throw CommandFailure(
                .interrupted, "run \(id) is not cancelled yet; ask again with: holdfast cancel \(id)")
        case .cancelled: try Output.standard.line("run \(id) is cancelled")
        case let state?: try Output.standard.line("run \(id) ended before it could be cancelled: \(state.rawValue)")
        case nil:
            let worker = summary.lease.map { $0.location ?? $0.worker.rawValue } ?? "another worker"
            try Output.standard.line(
                "run \(id): its worker (\(worker)) was asked to cancel it and has not confirmed yet")
        }
    }

    /// The state it ended in, `interrupted` when that is not waited for any more; nil when it has not ended in time.
    private func end(
        of run: RunID, _ store: any Store, _ interruption: Interruption
    ) async throws(StoreError) -> RunState? {
        let deadline = ContinuousClock.now + Self.patience
        var position = try await store.feed(FeedQuery(.now, limit: 1)).next
        while true {
            let state = try await store.summary(of: .run(run)).folded.state
            if state.isTerminal { return state }
            if interruption.hasCome { return .interrupted }
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return nil }
            position = try await store.feed(FeedQuery(.after(position), wait: min(left, .seconds(1)))).next
        }
    }
}
