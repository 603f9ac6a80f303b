public import Holdfast

/// What is wrong with the parameters given to a run: all of it.
public struct ParameterProblems: Error, Sendable, Hashable, CustomStringConvertible {
    /// Never empty; each names a parameter and says how to mend it.
    public let messages: [String]

    /// One problem a line.
    public var description: String { messages.joined(separator: "\n") }
}

extension DAGDefinition {
    /// The parameters of a run: what was given, else what an earlier start recorded, else the defaults.
    ///
    /// A given text stays a text when the default is one; otherwise it is taken as JSON if it is JSON. For a required
    /// parameter, whose type isn't known, a number is only taken as one if it would be written the same way again:
    /// `7` is a number, `1.10` and `007` are texts.
    ///
    /// - Parameter recorded: the parameters of the run that goes on; those that the definition no longer has are dropped.
    /// - Throws: every unknown, repeated and missing parameter.
    public func resolveParams(
        given: [(String, String)], recorded: [String: JSONValue] = [:]
    ) throws(ParameterProblems) -> [String: JSONValue] {
        var messages: [String] = []
        var values = params
        for (name, value) in recorded where params[name] != nil { values[name] = value }
        var seen: Set<String> = []
        for (name, text) in given {
            guard let standard = params[name] else {
                messages.append(unknownParam(name))
                continue
            }
            guard seen.insert(name).inserted else {
                messages.append("parameter \(quoted(name)) is given twice; give it once")
                continue
            }
            values[name] = Self.value(of: text, insteadOf: standard)
        }
        for name in values.keys.sorted() where values[name] == .null && params[name] == .null {
            messages.append("parameter \(quoted(name)) is required; give it with --param \(name)=VALUE")
        }
        guard messages.isEmpty else { throw ParameterProblems(messages: messages) }
        return values
    }

    private func unknownParam(_ name: String) -> String {
        let names = params.keys.sorted()
        let advice =
            Spelling.nearest(to: name, in: names).map { "did you mean \(quoted($0))?" }
            ?? (names.isEmpty ? "\(self.name) has no parameters" : "\(self.name) has \(names.joined(separator: ", "))")
        return "unknown parameter \(quoted(name)); \(advice)"
    }

    private static func value(of text: String, insteadOf standard: JSONValue) -> JSONValue {
        if case .string = standard { return .string(text) }
        // Text that is no JSON is a text, not an error.
        guard let value = try? JSONValue(parsing: text) else { return .string(text) }
        if standard.isNull, value.doubleValue != nil, value.compactText != text { return .string(text) }
        return value
    }
}
