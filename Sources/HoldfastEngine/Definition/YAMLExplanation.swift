import Yams

/// Says what libYAML's errors mean for somebody who writes a pipeline file.
enum YAMLExplanation {
    static func explain(_ error: any Error, in source: SourceText) -> (SourcePosition, String) {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            explain(problem, context, at: SourcePosition(mark), in: source)
        case .reader(let problem, _, _, _): (.start, "YAML: \(problem)")
        case let other?: (.start, "YAML: \(other)")
        case nil: (.start, "YAML: \(error)")
        }
    }

    private static func explain(
        _ problem: String, _ context: YamlError.Context?, at position: SourcePosition, in source: SourceText
    ) -> (SourcePosition, String) {
        if problem.contains("aximum nesting level") { return (position, tooDeep) }
        if problem.contains("unexpected end of stream"), let context, context.text.contains("quoted") {
            return (SourcePosition(context.mark), "this quoted text is not closed; write the closing quote")
        }
        let line = source.line(position.line)
        if line.contains(": {{") || line.contains("- {{") {
            return (position, "YAML: \(problem); quote a value that begins with {{")
        }
        if problem.contains("cannot start any token") { return (position, badStart(at: position, in: source)) }
        let began = context.map { $0.text.isEmpty ? "" : ", \($0.text) that began at \($0.mark)" } ?? ""
        return (position, "YAML: \(problem)\(began)\(advice(problem))")
    }

    static let tooDeep = "maps and lists are nested more than \(YAMLConverter.maximumDepth) deep; flatten them"

    private static func badStart(at position: SourcePosition, in source: SourceText) -> String {
        guard let index = source.index(of: position), index < source.text.endIndex else {
            return "YAML: no value begins here"
        }
        let scalar = source.text.unicodeScalars[index]
        if scalar == "\t" { return "a tab can't indent; use spaces" }
        return "a value can't begin with \(scalar); quote it"
    }

    private static func advice(_ problem: String) -> String {
        if problem.contains("mapping values are not allowed") { return "; quote a text that holds \": \"" }
        if problem.contains("alphabetic or numeric") { return "; quote a text that begins with * or &" }
        return ""
    }
}
