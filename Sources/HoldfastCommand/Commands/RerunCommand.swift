import ArgumentParser
import Holdfast
import HoldfastEngine

struct RerunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerun",
        abstract: "Runs again what a run ran, as a new run.",
        discussion: """
            The new run has the same definition and parameters, and names the old one as its parent. With --from, what had \
            succeeded before that task is taken over instead of run again.

            Example: holdfast rerun 7xk2 --from transform
            """)

    @OptionGroup var run: RunArgument

    @Option(help: "The first task to run again.")
    var from: String?

    @Option(name: .customLong("param"), help: ArgumentHelp("A changed parameter; repeatable.", valueName: "key=value"))
    var params: [KeyValue] = []

    @Option(help: ArgumentHelp("The new run's id, instead of one that is made up.", valueName: "id"))
    var runId: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var engine: EngineArguments
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let task = try from.map { text throws(StoreError) in try TaskID(text) }
        let newID = try runId.map { text throws(StoreError) in try RunID(text) }
        let opened = try await store.openExisting()
        let parent = try await opened.store.fold(try await run.id(in: opened.store))
        guard let definition = parent.definition else {
            throw CommandFailure(
                .badInput, "run \(parent.id) is a Swift workflow; only the program that has its code can run it again")
        }
        let values = try definition.resolveParams(given: params.map { ($0.key, $0.value) }, recorded: parent.params)
        try definition.checkSecrets()
        let execution = try Execution(opened, engine, format.format, store)
        let created = try await opened.views(onPruned: PruneReport.tell).runs.rerun(
            parent.id, from: task, params: values, id: newID)
        let id = RunID(unchecked: created.id.id)
        try await execution.carryOut(id) { engine throws(StoreError) in try await engine.execute(id) }
    }
}
