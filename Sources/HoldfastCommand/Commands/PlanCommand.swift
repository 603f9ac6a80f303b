import ArgumentParser
import Holdfast
import HoldfastEngine

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows what a pipeline would run.",
        discussion: """
            Lists the tasks in an order that respects their needs, with the values that are known beforehand. Nothing is \
            run and no store is touched.

            Example: holdfast plan pipeline.yaml --param date=2026-01-31
            """)

    @Argument(help: "The pipeline file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Option(name: .customLong("param"), help: ArgumentHelp("A parameter; repeatable.", valueName: "key=value"))
    var params: [KeyValue] = []

    @OptionGroup var format: FormatOptions

    func run() throws {
        let definition = try PipelineSource.definition(at: file)
        let values = try definition.resolveParams(given: params.map { ($0.key, $0.value) })
        try PlanDisplay(try Plan(definition, params: values)).print(format.format)
    }
}
