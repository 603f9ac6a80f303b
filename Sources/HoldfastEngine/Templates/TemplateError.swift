public import Holdfast

/// An XCom that a template names.
public struct XComReference: Sendable, Hashable, CustomStringConvertible {
    public let task: TaskID
    public let key: String

    public init(task: TaskID, key: String) {
        self.task = task
        self.key = key
    }

    public var description: String { "xcom.\(task).\(key)" }
}

/// Why a template or a `when` can't be parsed or evaluated. Descriptions hold names and types, never values.
public enum TemplateError: Error, Sendable, Hashable {
    /// The text breaks the language's rules.
    /// - `offset`: UTF-8 bytes from the start of the text.
    case invalid(offset: Int, reason: String)
    /// There is nothing at the path, for instance because the task left no such XCom.
    case missing(path: String, reason: String)
    /// These must be loaded first; then evaluate again.
    case notLoaded([XComReference])
    /// `< <= > >=` on values that have no order.
    case notComparable(String)
    /// `foreach` got something else than a list.
    case notAList(path: String, found: String)
}

extension TemplateError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalid(_, let reason): reason
        case .missing(let path, let reason): "{{ \(path) }}: \(reason)"
        case .notLoaded(let references): "not loaded: \(references.map(\.description).joined(separator: ", "))"
        case .notComparable(let reason): reason
        case .notAList(let path, let found): "foreach needs a list, but {{ \(path) }} is \(found)"
        }
    }
}

extension JSONValue {
    /// For messages: `a list`, `text`, ….
    var kindPhrase: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int, .double: "a number"
        case .string: "text"
        case .array: "a list"
        case .object: "a map"
        }
    }
}
