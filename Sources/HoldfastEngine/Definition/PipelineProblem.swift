/// One thing that is wrong in a pipeline file, and where.
public struct PipelineProblem: Sendable, Hashable, CustomStringConvertible {
    /// As it was given to `PipelineFile.parse`.
    public let file: String
    /// From 1.
    public let line: Int
    /// From 1, in Unicode scalars.
    public let column: Int
    /// Names the key and the value and says how to mend them; one line.
    public let message: String

    public init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    public var description: String { "\(file):\(line):\(column): \(message)" }
}

extension PipelineProblem: Comparable {
    public static func < (left: PipelineProblem, right: PipelineProblem) -> Bool {
        (left.line, left.column, left.message) < (right.line, right.column, right.message)
    }
}

/// Everything that is wrong in a pipeline file.
public struct PipelineProblems: Error, Sendable, Hashable, CustomStringConvertible {
    /// Never empty; in the order of the file, each once.
    public let problems: [PipelineProblem]

    /// Nil when there are none.
    init?(_ problems: [PipelineProblem]) {
        guard !problems.isEmpty else { return nil }
        self.problems = Set(problems).sorted()
    }

    /// One problem a line: `file:line:column: message`.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// A place in a text: line and column from 1, the column in Unicode scalars.
struct SourcePosition: Hashable {
    var line: Int
    var column: Int

    static let start = SourcePosition(line: 1, column: 1)
}

/// Collects problems while a file is read, so that all are found at once.
struct ProblemList {
    let file: String
    private(set) var problems: [PipelineProblem] = []
    private var sealed: Set<SourcePosition> = []

    init(file: String) { self.file = file }

    var isEmpty: Bool { problems.isEmpty }

    /// From here on, nothing more is said about places that have a problem already: it would only follow from that one.
    mutating func seal() {
        sealed = Set(problems.map { SourcePosition(line: $0.line, column: $0.column) })
    }

    mutating func add(_ position: SourcePosition, _ message: String) {
        guard !sealed.contains(position) else { return }
        problems.append(
            PipelineProblem(file: file, line: position.line, column: position.column, message: message))
    }
}
