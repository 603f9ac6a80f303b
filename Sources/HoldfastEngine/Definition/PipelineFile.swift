public import Holdfast

/// Reads pipeline files: YAML 1.2 in UTF-8, as the documentation describes them.
public enum PipelineFile {
    /// In bytes.
    public static let maximumSize = 4 << 20
    /// Of a script, and of one argument of a command: what the kernel takes as one argument. In bytes.
    public static let maximumArgument = 131_071

    /// Reads and checks the whole file.
    /// - Parameter fileName: what problems call the file.
    /// - Throws: every problem that can be found at once.
    public static func parse(_ bytes: [UInt8], fileName: String) throws(PipelineProblems) -> DAGDefinition {
        var problems = ProblemList(file: fileName)
        let definition = read(bytes, into: &problems)
        if let found = PipelineProblems(problems.problems) { throw found }
        guard let definition else {
            preconditionFailure("a file without problems has a definition")
        }
        return definition
    }

    /// Reads and checks a whole file that is in memory as text.
    /// - Throws: every problem that can be found at once.
    public static func parse(_ text: String, fileName: String) throws(PipelineProblems) -> DAGDefinition {
        try parse(Array(text.utf8), fileName: fileName)
    }

    private static func read(_ bytes: [UInt8], into problems: inout ProblemList) -> DAGDefinition? {
        guard let source = SourceText.decode(bytes, into: &problems) else { return nil }
        let root = YAMLConverter.read(source, into: &problems)
        guard let root, !root.isNull else {
            if problems.isEmpty {
                problems.add(.start, "the file is empty; it needs at least \"name\" and \"tasks\" (see holdfast init)")
            }
            return nil
        }
        problems.seal()
        var reader = PipelineReader(problems: problems)
        let draft = reader.read(root)
        problems = reader.problems
        guard let draft else { return nil }
        var checker = PipelineChecker(draft, source: source, problems: problems)
        checker.check()
        problems = checker.problems
        return problems.isEmpty ? draft.definition : nil
    }
}
