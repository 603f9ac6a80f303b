public import Holdfast

/// The environment variables that an instance gets from its pipeline, besides `HOLDFAST_*` and what is inherited.
///
/// - `PARAM_<NAME>` for each parameter, `XCOM_<TASK>_<KEY>` for each XCom of a direct need, `ITEM` in a `foreach`, then the
///   `env` of the pipeline and of the task, which wins. Texts are raw, all else is JSON.
/// - A variable over 32 KiB, counted as `NAME=value`, is left out, as is one whose value holds a NUL. In the order `env`,
///   `ITEM`, `PARAM_*`, `XCOM_*`, each by name, one that would take the sum over 256 KiB is left out; smaller ones behind
///   it may still fit.
/// - What is left out must not be inherited under its name either, lest the task works with another value.
public struct TaskEnvironment: Sendable, Hashable {
    /// Of one `NAME=value`, in bytes.
    public static let variableLimit = 32 << 10
    /// Of all, in bytes.
    public static let totalLimit = 256 << 10

    /// A variable that the task has to do without.
    public struct Omission: Sendable, Hashable, CustomStringConvertible {
        public enum Reason: Sendable, Hashable {
            /// Over 32 KiB; the size of `NAME=value` in bytes.
            case tooLarge(Int)
            /// The others came to 256 KiB.
            case noRoom(Int)
            case holdsNUL
        }

        public let name: String
        public let reason: Reason

        public var description: String {
            switch reason {
            case .tooLarge(let size): "$\(name) has \(size) bytes, over the limit of \(TaskEnvironment.variableLimit)"
            case .noRoom(let size):
                "$\(name) has \(size) bytes, which would take the environment over \(TaskEnvironment.totalLimit)"
            case .holdsNUL: "$\(name) holds a NUL character"
            }
        }
    }

    public private(set) var variables: [String: String] = [:]
    /// To be logged: values of XComs stay reachable through `holdfast xcom`.
    public private(set) var omissions: [Omission] = []

    /// - Parameters:
    ///   - xcomKeys: the keys that each direct need has left.
    ///   - context: of the instance; its `xcom` is asked for the values.
    /// - Throws: `notLoaded` names all XComs that are wanted, not just the first.
    public init(
        _ templates: TaskTemplates, xcomKeys: [TaskID: [String]], in context: TemplateContext
    ) throws(TaskEnvironmentError) {
        let sources = Self.sources(of: templates, xcomKeys: xcomKeys, in: context)
        var owners: [String: Source] = [:]
        for (name, source) in sources {
            if let other = owners.updateValue(source, forKey: name) { throw .clash(name, "\(other)", "\(source)") }
        }
        var sum = 0
        for (name, value) in try Self.values(sources, in: context) { add(name, value, &sum) }
    }

    private mutating func add(_ name: String, _ value: String, _ sum: inout Int) {
        let size = name.utf8.count + 1 + value.utf8.count
        if value.utf8.contains(0) {
            omissions.append(Omission(name: name, reason: .holdsNUL))
        } else if size > Self.variableLimit {
            omissions.append(Omission(name: name, reason: .tooLarge(size)))
        } else if sum + size > Self.totalLimit {
            omissions.append(Omission(name: name, reason: .noRoom(size)))
        } else {
            variables[name] = value
            sum += size
        }
    }

    // MARK: - Sources

    private enum Source: CustomStringConvertible {
        case env(String, Template)
        case item(JSONValue)
        case param(String, JSONValue)
        case xcom(XComReference)

        var description: String {
            switch self {
            case .env(let name, _): "env \(quoted(name))"
            case .item: "the item"
            case .param(let name, _): "parameter \(quoted(name))"
            case .xcom(let reference): "\(reference)"
            }
        }

        func text(in context: TemplateContext) throws(TemplateError) -> String? {
            switch self {
            case .env(_, let template): return try template.render(in: context)
            case .item(let value), .param(_, let value): return value.rawText
            case .xcom(let reference):
                switch context.xcom(reference.task, reference.key) {
                case .value(let value): return value.rawText
                case .missing: return nil
                case .notLoaded: throw .notLoaded([reference])
                }
            }
        }
    }

    private static func sources(
        of templates: TaskTemplates, xcomKeys: [TaskID: [String]], in context: TemplateContext
    ) -> [(name: String, source: Source)] {
        var sources: [(name: String, source: Source)] = templates.env.map { ($0.name, .env($0.name, $0.value)) }
        if let item = context.item { sources.append((VariableName.item, .item(item))) }
        for (name, value) in context.params.sorted(by: { $0.key < $1.key }) {
            sources.append((VariableName.param(name), .param(name, value)))
        }
        for task in templates.task.needs {
            for key in (xcomKeys[task] ?? []).sorted() {
                let reference = XComReference(task: task, key: key)
                sources.append((VariableName.xcom(reference), .xcom(reference)))
            }
        }
        return sources
    }

    private static func values(
        _ sources: [(name: String, source: Source)], in context: TemplateContext
    ) throws(TaskEnvironmentError) -> [(String, String)] {
        var values: [(String, String)] = []
        var absent: [XComReference] = []
        for (name, source) in sources {
            do {
                if let text = try source.text(in: context) { values.append((name, text)) }
            } catch .notLoaded(let references) {
                absent += references.filter { !absent.contains($0) }
            } catch {
                throw .template(name, error)
            }
        }
        guard absent.isEmpty else { throw .notLoaded(absent) }
        return values
    }
}

/// Why an instance can't be given its environment.
public enum TaskEnvironmentError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Two sources fill one variable: its name, and both.
    case clash(String, String, String)
    /// The template of a variable can't be rendered.
    case template(String, TemplateError)
    /// Load these, then try again.
    case notLoaded([XComReference])

    public var description: String {
        switch self {
        case .clash(let name, let first, let second):
            "$\(name) would be filled by \(first) and by \(second); rename one"
        case .template(let name, let error): "env \(quoted(name)): \(error)"
        case .notLoaded(let references): "\(TemplateError.notLoaded(references))"
        }
    }
}
