import ArgumentParser
import Holdfast
import HoldfastEngine

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a pipeline.",
        discussion: """
            Prints the run's id first, then shows its tasks as they go. Ctrl-C ends the tasks and leaves the run \
            interrupted; holdfast resume goes on with it. With --format json the id is on standard error, and the \
            run's JSON follows on standard output at the end.

            Example: holdfast run pipeline.yaml --param date=2026-01-31 --label team=data
            """)

    @Argument(help: "The pipeline file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Option(name: .customLong("param"), help: ArgumentHelp("A parameter; repeatable.", valueName: "key=value"))
    var params: [KeyValue] = []

    @Option(help: ArgumentHelp("The run's id, instead of one that is made up.", valueName: "id"))
    var runId: String?

    @Option(
        name: .customLong("label"),
        help: ArgumentHelp("Something to find the run by; repeatable.", valueName: "key=value"))
    var labels: [KeyValue] = []

    @Option(help: ArgumentHelp("The workspace that the run is tagged with.", valueName: "id"), completion: .workspaces)
    var workspace: String?

    @Flag(help: "Shows what would run, and runs nothing.")
    var dryRun = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var engine: EngineArguments
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let definition = try PipelineSource.definition(at: file)
        let values = try definition.resolveParams(given: params.map { ($0.key, $0.value) })
        if dryRun { return try PlanDisplay(try Plan(definition, params: values)).print(format.format) }
        let id = try runId.map { text throws(StoreError) in try RunID(text) }
        let created = RunCreated(
            dag: definition.name, definition: definition, params: values, labels: try labels.dictionary("label"),
            logicalDate: SystemWallClock().now(),
            workspace: try workspace.map { text throws(StoreError) in try WorkspaceID(text) },
            workingDirectory: try WorkingDirectory.resolve(definition.workingDirectory))
        try definition.checkSecrets()
        let opened = try await store.openOrCreate()
        let execution = try Execution(opened, engine, format.format, store)
        try await opened.store.dags.register(definition)
        let run = try await execution.engine.create(created, id: id)
        try await execution.carryOut(run) { engine throws(StoreError) in try await engine.execute(run) }
    }
}
