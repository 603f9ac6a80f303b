import ArgumentParser
import Holdfast
import HoldfastEngine

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Goes on with a run where it stood.",
        discussion: """
            Takes runs that are queued, interrupted, failed or cancelled; a success is left as it is. What has succeeded \
            does not run again. With --file the run goes on by a mended definition; --param changes parameters.

            Example: holdfast resume 7xk2 --file mended.yaml
            """)

    @OptionGroup var run: RunArgument

    @Option(help: "A mended definition to go on by.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String?

    @Option(name: .customLong("param"), help: ArgumentHelp("A changed parameter; repeatable.", valueName: "key=value"))
    var params: [KeyValue] = []

    @OptionGroup var format: FormatOptions
    @OptionGroup var engine: EngineArguments
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let mended = try file.map { try PipelineSource.definition(at: $0) }
        let opened = try await store.openExisting()
        let id = try await run.id(in: opened.store)
        let fold = try await opened.store.fold(id)
        let changed = try changedParams(of: fold, mended)
        try (mended ?? fold.definition)?.checkSecrets()
        let execution = try Execution(opened, engine, format.format, store)
        if fold.state == .success { Output.error.note("run \(id) is a success already; nothing is left to do") }
        if let mended, fold.state != .success { try await opened.store.dags.register(mended) }
        try await execution.carryOut(id) { engine throws(StoreError) in
            try await engine.resume(id, definition: mended, params: changed)
        }
    }

    /// The parameters that differ from the recorded ones.
    private func changedParams(of fold: RunFold, _ mended: DAGDefinition?) throws -> [String: JSONValue] {
        if let mended, let dag = fold.created?.dag, mended.name != dag {
            throw CommandFailure(
                .badInput,
                "\(file ?? "the file") defines \(mended.name), but run \(fold.id) is one of \(dag); name the same DAG")
        }
        guard let definition = mended ?? fold.definition else { return [:] }
        let values = try definition.resolveParams(given: params.map { ($0.key, $0.value) }, recorded: fold.params)
        return values.filter { fold.params[$0.key] != $0.value }
    }
}
