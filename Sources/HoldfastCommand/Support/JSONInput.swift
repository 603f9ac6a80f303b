import Holdfast

/// A JSON document that a command is given as a file; `-` is standard input.
enum JSONInput {
    /// Bytes; what is larger is no document that a person meant to check by hand.
    private static let maximumSize = 64 * 1024 * 1024

    /// - Throws: `CommandFailure` naming the file, and for bad JSON the line and column.
    static func read(_ path: String) throws(CommandFailure) -> JSONValue {
        let bytes = try InputFile.bytes(of: path, limit: maximumSize)
        guard bytes.count <= maximumSize else {
            throw CommandFailure(.badInput, "\(path): it has more than \(maximumSize) bytes; check a part of it")
        }
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: bytes)
        } catch {
            let before = bytes.prefix(error.offset)
            let line = before.count { $0 == UInt8(ascii: "\n") } + 1
            let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
            throw CommandFailure(.badInput, "\(path):\(line):\(column): no JSON: \(error.reason)")
        }
    }
}

/// A JSON Schema that a command is given as a file.
enum SchemaFile {
    /// - Parameter format: in which the problems of a broken one are printed.
    static func schema(_ document: JSONValue, file: String, _ format: OutputFormat = .text) throws -> JSONSchema {
        do throws(SchemaProblems) {
            return try JSONSchema(document)
        } catch {
            guard format != .text else { throw failure(error, file: file) }
            try printDocument(error.outputJSON, format)
            throw CommandFailure(.badInput)
        }
    }

    private static func failure(_ error: SchemaProblems, file: String) -> CommandFailure {
        let count = error.problems.count
        return CommandFailure(
            .badInput, "\(file) is no schema: it has \(count == 1 ? "a problem" : "\(count) problems")",
            details: error.problems.map { "\(file): \($0)" })
    }

    /// What was said, else what the file is called: `order@1.0.0.json`.
    static func id(_ text: String?, of file: String) throws -> SchemaID {
        if let text { return try SchemaID(text) }
        var name = file.split(separator: "/").last.map(String.init) ?? file
        for ending in [".json", ".schema"] where name.hasSuffix(ending) { name.removeLast(ending.count) }
        guard let id = SchemaID(rawValue: name) else {
            throw CommandFailure(.badInput, "\(file) does not say name and version; add --as \(advice(name))")
        }
        return id
    }

    private static func advice(_ name: String) -> String { TaskID.isValid(name) ? "\(name)@1.0.0" : "name@1.0.0" }
}

extension SchemaProblems {
    fileprivate var outputJSON: JSONValue {
        let list = problems.map { problem in
            JSONValue.object(["pointer": .string(problem.pointer), "message": .string(problem.message)])
        }
        return ["valid": false, "problems": .array(list)]
    }
}
