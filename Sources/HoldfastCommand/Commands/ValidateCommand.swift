import ArgumentParser
import Holdfast
import HoldfastEngine

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Checks a pipeline file.",
        discussion: """
            Prints every problem there is as file:line:column: what is wrong and how to mend it, and exits with 2 if there \
            is one.

            Example: holdfast validate pipeline.yaml
            """)

    @Argument(help: "The pipeline file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @OptionGroup var format: FormatOptions

    func run() throws {
        do {
            let definition = try PipelineSource.definition(at: file)
            guard format.format == .text else { return try printDocument(Self.document([]), format.format) }
            let count = definition.tasks.count
            try Output.standard.line(
                "\(file): \(definition.name) is valid, \(count == 1 ? "1 task" : "\(count) tasks")")
        } catch let problems as PipelineProblems {
            guard format.format != .text else { throw problems }
            try printDocument(Self.document(problems.problems), format.format)
            throw CommandFailure(.badInput)
        }
    }

    private static func document(_ problems: [PipelineProblem]) -> JSONValue {
        let list = problems.map { problem in
            JSONValue.object([
                "file": .string(problem.file), "line": .int(Int64(problem.line)),
                "column": .int(Int64(problem.column)), "message": .string(problem.message),
            ])
        }
        return ["valid": .bool(problems.isEmpty), "problems": .array(list)]
    }
}
