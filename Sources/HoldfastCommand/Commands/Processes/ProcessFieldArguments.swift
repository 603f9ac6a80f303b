import ArgumentParser
import Holdfast

/// The fields of a process that a command line names.
struct ProcessFieldArguments: ParsableArguments {
    @Option(help: ArgumentHelp("The prompt.", valueName: "text"))
    var prompt: String?

    @Option(help: ArgumentHelp("The prompt, from a file; - is standard input.", valueName: "file"), completion: .file())
    var promptFile: String?

    @Option(help: ArgumentHelp("What listings show of the prompt, instead of its beginning.", valueName: "text"))
    var promptPreview: String?

    @Option(help: ArgumentHelp("The result.", valueName: "text"))
    var result: String?

    @Option(help: ArgumentHelp("The result, from a file; - is standard input.", valueName: "file"), completion: .file())
    var resultFile: String?

    @Option(help: ArgumentHelp("Where the result stands.", valueName: "path"))
    var resultFilePath: String?

    @Option(help: ArgumentHelp("Where the raw output stands.", valueName: "path"))
    var rawStdoutFilePath: String?

    @Option(help: ArgumentHelp("An object.", valueName: "json"), transform: Self.parseJSON)
    var metadata: JSONValue?

    @Option(
        help: ArgumentHelp("An object; child_process_ids names its children.", valueName: "json"),
        transform: Self.parseJSON)
    var groupMetadata: JSONValue?

    @Option(help: ArgumentHelp("The result for programs.", valueName: "json"), transform: Self.parseJSON)
    var structuredResult: JSONValue?

    @Option(help: ArgumentHelp("The session of the client library.", valueName: "id"))
    var sdkSessionId: String?

    @Option(help: ArgumentHelp("What runs it.", valueName: "name"))
    var backend: String?

    @Option(help: ArgumentHelp("Where it runs.", valueName: "path"), completion: .directory)
    var workingDirectory: String?

    @Option(help: ArgumentHelp("Its title.", valueName: "text"))
    var title: String?

    @Option(help: ArgumentHelp("The title that somebody gave it.", valueName: "text"))
    var customTitle: String?

    /// Those that were named.
    func values() throws -> [ProcessField: JSONValue] {
        var values: [ProcessField: JSONValue] = [:]
        let texts: [(ProcessField, String?)] = [
            (.promptPreview, promptPreview), (.fullPrompt, try Self.one(prompt, promptFile, "prompt")),
            (.result, try Self.one(result, resultFile, "result")), (.resultFilePath, resultFilePath),
            (.rawStdoutFilePath, rawStdoutFilePath), (.sdkSessionID, sdkSessionId), (.backend, backend),
            (.workingDirectory, workingDirectory), (.title, title), (.customTitle, customTitle),
        ]
        for (field, text) in texts { values[field] = text.map { .string($0) } }
        values[.metadata] = metadata
        values[.groupMetadata] = groupMetadata
        values[.structuredResult] = structuredResult
        return values
    }

    private static func one(_ text: String?, _ file: String?, _ name: String) throws -> String? {
        guard let file else { return text }
        guard text == nil else { throw ValidationError("give --\(name) or --\(name)-file, not both") }
        return try InputFile.text(of: file)
    }

    @Sendable private static func parseJSON(_ text: String) throws -> JSONValue {
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: text)
        } catch {
            throw ValidationError("\(quoted(text)) is no JSON: \(error)")
        }
    }
}
