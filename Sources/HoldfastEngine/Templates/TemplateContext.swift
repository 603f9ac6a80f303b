public import Holdfast

/// What templates of one task instance can see.
public struct TemplateContext: Sendable {
    /// The answer to a look-up of an XCom.
    public enum XComLookup: Sendable, Hashable {
        /// Of a task with `foreach`: the array of its instances' values in index order.
        case value(JSONValue)
        case missing
        /// It is there but not in memory; evaluation ends with `TemplateError.notLoaded`.
        case notLoaded
    }

    public var params: [String: JSONValue]
    public var runID: RunID
    /// Rendered as null when the run has none.
    public var logicalDate: Timestamp?
    /// From 1.
    public var tryNumber: Int
    /// The item of an instance of a task with `foreach`.
    public var item: JSONValue?
    public var xcom: @Sendable (TaskID, _ key: String) -> XComLookup

    public init(
        params: [String: JSONValue], runID: RunID, logicalDate: Timestamp? = nil, tryNumber: Int = 1,
        item: JSONValue? = nil, xcom: @escaping @Sendable (TaskID, _ key: String) -> XComLookup = { _, _ in .missing }
    ) {
        self.params = params
        self.runID = runID
        self.logicalDate = logicalDate
        self.tryNumber = tryNumber
        self.item = item
        self.xcom = xcom
    }
}

/// The names that templates of a DAG may use: ids may hold dots, so that paths can't be split without knowing them.
public struct TemplateNames: Sendable, Hashable {
    public var tasks: Set<String>
    public var params: Set<String>

    public init(tasks: Set<String> = [], params: Set<String> = []) {
        self.tasks = tasks
        self.params = params
    }
}

extension DAGDefinition {
    /// Costs a pass over all tasks: ask once per run.
    public var templateNames: TemplateNames {
        TemplateNames(tasks: Set(tasks.map(\.id.rawValue)), params: Set(params.keys))
    }
}
