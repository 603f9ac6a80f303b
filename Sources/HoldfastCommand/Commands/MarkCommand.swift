import ArgumentParser
import Holdfast
import HoldfastEngine

struct MarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mark",
        abstract: "Sets a task to success or skipped.",
        discussion: """
            For what was put right by hand: a resume then leaves the task alone and goes on behind it. A live worker is \
            asked; a run without one is changed at once.

            Example: holdfast mark 7xk2 'shards[3]' success
            """)

    enum Target: String, CaseIterable, ExpressibleByArgument {
        case success, skipped

        var state: TaskState { self == .success ? .success : .skipped }
    }

    @OptionGroup var run: RunArgument

    @Argument(help: "The task, or one instance of it as task[index].")
    var task: String

    @Argument(help: "success or skipped.")
    var target: Target

    @Option(help: "Why, for the history.")
    var reason: String?

    @OptionGroup var store: StoreArguments

    func run() async throws {
        let instance = try parseInstance(task)
        let opened = try await store.openExisting()
        let id = try await run.id(in: opened.store)
        try await Engine.forCommand(opened).endLeftovers(of: id)
        let marking = try await opened.store.runs.mark(id, instance, as: target.state, reason: reason)
        try await opened.store.close()
        switch marking {
        case .marked: try Output.standard.line("task \(instance) of run \(id) is marked \(target.rawValue)")
        case .requested:
            try Output.standard.line("the worker of run \(id) was asked to mark task \(instance) \(target.rawValue)")
        }
    }
}
