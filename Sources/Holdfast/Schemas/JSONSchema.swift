/// A JSON Schema (draft 2020-12), read, checked, and ready to judge values.
///
/// All keywords of the core, applicator, unevaluated and validation vocabularies count; `format` and the `content`
/// keywords are annotations, which judge nothing. References stay within the document. What is not supported is listed in
/// the article *Artifacts, schemas and the cache*.
public struct JSONSchema: Sendable {
    /// Bytes of the document's compact JSON.
    public static let maximumSize = 512 * 1024
    /// Schemas within each other, and schemas that are applied within each other.
    public static let maximumDepth = 512
    /// Schemas in a document.
    public static let maximumCount = 20_000
    public static let dialect = "https://json-schema.org/draft/2020-12/schema"

    public let document: JSONValue
    let nodes: [SchemaNode]
    let resources: [SchemaResource]
    /// Whether anything asks for what others have looked at.
    let tracksEvaluated: Bool

    /// Reads a schema.
    /// - Throws: `SchemaProblems`: all that is wrong with it. Refused are keywords of the wrong shape, references that lead
    ///   nowhere or out of the document, patterns that could run away, schemas that refer to themselves without
    ///   end, other dialects, and what is over a limit.
    public init(_ document: JSONValue) throws(SchemaProblems) {
        var compiler = SchemaCompiler(document)
        compiler.compile()
        guard compiler.problems.isEmpty else { throw SchemaProblems(compiler.problems) }
        self.document = document
        nodes = compiler.nodes
        resources = compiler.resources
        tracksEvaluated = compiler.tracksEvaluated
    }

    /// Judges a value.
    /// - Parameter limit: no more violations than this are collected.
    /// - Throws: `tooLarge` when schemas apply within each other more deeply than `maximumDepth`, or the check takes more
    ///   than some million steps.
    public func check(_ value: JSONValue, limit: Int = SchemaReport.usualLimit) throws(StoreError) -> SchemaReport {
        try check(value, limit: limit, work: SchemaCheck.maximumWork)
    }

    /// - Parameter work: how many steps it may take.
    package func check(_ value: JSONValue, limit: Int, work: Int) throws(StoreError) -> SchemaReport {
        var check = SchemaCheck(self, limit: limit, work: work)
        return try check.run(value)
    }
}

/// What a check found.
public struct SchemaReport: Sendable, Hashable {
    /// Violations that are collected unless said otherwise.
    public static let usualLimit = 100

    /// In the order of the schema's keywords, each with those of its parts.
    public var violations: [SchemaViolation]
    /// Whether there are more than the limit let collect.
    public var isCut: Bool

    public var isValid: Bool { violations.isEmpty && !isCut }
}

/// One way in which a value breaks a schema. Quotes names, never values.
public struct SchemaViolation: Sendable, Hashable, CustomStringConvertible {
    /// Where in the value, as a JSON pointer; empty: the value as a whole.
    public var pointer: String
    /// Which keyword of the schema's document, as a JSON pointer.
    public var schemaPointer: String
    public var message: String

    /// `/items/0: it must be a string, not an integer (/properties/items/items/type)`.
    public var description: String {
        "\(shown(pointer)): \(message) (\(shown(schemaPointer)))"
    }

    public var outputJSON: JSONValue {
        ["pointer": .string(pointer), "schema_pointer": .string(schemaPointer), "message": .string(message)]
    }
}

/// Something wrong with a schema itself.
public struct SchemaProblem: Sendable, Hashable, CustomStringConvertible {
    /// Where in the schema's document, as a JSON pointer; empty: the document as a whole.
    public var pointer: String
    public var message: String

    public var description: String { "\(shown(pointer)): \(message)" }
}

/// All that is wrong with a schema, up to a hundred problems.
public struct SchemaProblems: Error, Sendable, Hashable, CustomStringConvertible {
    public let problems: [SchemaProblem]

    init(_ problems: [SchemaProblem]) { self.problems = problems }

    public var description: String { problems.map(\.description).joined(separator: "; ") }
}

/// A pointer for people: the one to the whole has no text of its own.
private func shown(_ pointer: String) -> String { pointer.isEmpty ? "(the whole)" : pointer.unquoted }

extension String {
    /// Whatever a terminal might obey escaped, as `quoted` does, without the quotation marks and the cut.
    fileprivate var unquoted: String {
        unicodeScalars.allSatisfy { $0.isASCII && $0.value >= 0x20 && $0.value < 0x7F } ? self : quotedParts
    }

    private var quotedParts: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                text += "\\u{\(Swift.String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
