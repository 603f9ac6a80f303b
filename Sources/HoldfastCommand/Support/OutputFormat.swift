import ArgumentParser
import Holdfast

enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case text, json, jsonl, csv
}

/// How a command that lists or shows prints.
struct FormatOptions: ParsableArguments {
    @Option(help: "How to print: a table for people, one JSON document, a JSON object a line, or CSV.")
    var format: OutputFormat = .text
}

/// A list as every format has it.
struct Listing {
    /// What `--format json` prints.
    let document: JSONValue
    let elements: [JSONValue]
    /// The members that become CSV columns.
    let columns: [String]

    /// - Parameter text: for people.
    func print(_ format: OutputFormat, text: () throws -> String) throws {
        switch format {
        case .text: try Output.standard.write(try text())
        case .json: try Output.standard.json(document)
        case .jsonl: try Output.standard.jsonLines(elements)
        case .csv: try Output.standard.write(CSV.text(elements, columns))
        }
    }
}

/// `format` on one value: indented JSON, or one line of it.
func printDocument(_ value: JSONValue, _ format: OutputFormat) throws {
    switch format {
    case .jsonl: try Output.standard.jsonLines([value])
    case .csv: throw ValidationError("--format csv is for lists; use json")
    case .text, .json: try Output.standard.json(value)
    }
}
