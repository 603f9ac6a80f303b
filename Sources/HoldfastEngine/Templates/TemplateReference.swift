public import Holdfast

/// What stands between `{{` and `}}`: a root and a path into its value.
public struct TemplateReference: Sendable, Hashable {
    public enum Root: Sendable, Hashable {
        case param(String)
        case xcom(XComReference)
        case runID
        case logicalDate
        case tryNumber
        case item
    }

    public enum Step: Sendable, Hashable {
        case member(String)
        case index(Int)
    }

    public let root: Root
    /// Into the root's value.
    public let path: [Step]
    /// As written, without the braces.
    public let text: String

    /// The words that a template may begin with.
    public static let roots = ["params", "xcom", "run", "task", "item"]

    /// - Throws: `missing` or `notLoaded`.
    public func value(in context: TemplateContext) throws(TemplateError) -> JSONValue {
        var value = try rootValue(in: context)
        for step in path { value = try follow(step, from: value) }
        return value
    }

    private func rootValue(in context: TemplateContext) throws(TemplateError) -> JSONValue {
        switch root {
        case .runID: return .string(context.runID.rawValue)
        case .logicalDate: return context.logicalDate.map { .string($0.description) } ?? .null
        case .tryNumber: return .int(Int64(context.tryNumber))
        case .param(let name):
            guard let value = context.params[name] else { throw missing("the run has no parameter \(quoted(name))") }
            return value
        case .item:
            guard let item = context.item else { throw missing("the task has no foreach") }
            return item
        case .xcom(let reference):
            switch context.xcom(reference.task, reference.key) {
            case .value(let value): return value
            case .missing: throw missing("task \(quoted(reference.task.rawValue)) left no \(quoted(reference.key))")
            case .notLoaded: throw .notLoaded([reference])
            }
        }
    }

    private func follow(_ step: Step, from value: JSONValue) throws(TemplateError) -> JSONValue {
        switch step {
        case .member(let name):
            guard case .object(let members) = value else {
                throw missing("\(quoted(name)) is looked for in \(value.kindPhrase)")
            }
            guard let member = members[name] else { throw missing("there is no \(quoted(name))") }
            return member
        case .index(let index):
            guard case .array(let elements) = value else {
                throw missing("[\(index)] is looked for in \(value.kindPhrase)")
            }
            guard elements.indices.contains(index) else {
                throw missing("[\(index)] is looked for in a list of \(elements.count)")
            }
            return elements[index]
        }
    }

    private func missing(_ reason: String) -> TemplateError { .missing(path: text, reason: reason) }
}
