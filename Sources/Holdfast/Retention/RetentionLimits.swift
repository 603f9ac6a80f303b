/// How much finished history is kept. Only what has ended is ever removed, oldest first, and never what is pinned or held
/// by a live worker.
public struct RetentionLimits: Sendable, Hashable {
    /// Runs of each DAG, those that can't be removed included; 0: all.
    public var maxRunsPerDAG: Int
    /// How long ago a run or process may have ended; zero: any time.
    public var maxAge: Duration
    /// Processes of the store, those that can't be removed included; 0: all.
    public var maxProcesses: Int

    public init(maxRunsPerDAG: Int = 0, maxAge: Duration = .zero, maxProcesses: Int = 0) {
        self.maxRunsPerDAG = maxRunsPerDAG
        self.maxAge = maxAge
        self.maxProcesses = maxProcesses
    }

    public static let everything = RetentionLimits()
}

/// Limits that somebody has set; nil: not said here.
public struct RetentionChoice: Sendable, Hashable {
    public var maxRunsPerDAG: Int?
    public var maxAge: Duration?
    public var maxProcesses: Int?

    public init(maxRunsPerDAG: Int? = nil, maxAge: Duration? = nil, maxProcesses: Int? = nil) {
        self.maxRunsPerDAG = maxRunsPerDAG
        self.maxAge = maxAge
        self.maxProcesses = maxProcesses
    }

    public var isEmpty: Bool { self == RetentionChoice() }

    /// These limits, with what is said here in place of them.
    func applied(to limits: RetentionLimits) -> RetentionLimits {
        RetentionLimits(
            maxRunsPerDAG: maxRunsPerDAG ?? limits.maxRunsPerDAG, maxAge: maxAge ?? limits.maxAge,
            maxProcesses: maxProcesses ?? limits.maxProcesses)
    }

    func check() throws(StoreError) {
        for (name, value) in [("max_runs_per_dag", maxRunsPerDAG), ("max_processes", maxProcesses)] {
            guard let value, value < 0 else { continue }
            throw StoreError(.invalid, subject: "limit \(name) \(value)", detail: "use a number from 0 on; 0 keeps all")
        }
        guard let maxAge, maxAge < .zero else { return }
        throw StoreError(.invalid, subject: "limit max_age", detail: "use a duration from zero on; zero keeps all")
    }
}

/// What is set for a whole store and for single DAGs; a DAG's own go before those of the store.
public struct RetentionSettings: Sendable, Hashable {
    public internal(set) var store: RetentionChoice
    /// Never empty ones.
    public internal(set) var dags: [DAGID: RetentionChoice]
    /// Where nobody has said anything: the backend's.
    public let defaults: RetentionLimits
    /// Of the record; 0 before it is put.
    var recordVersion: Int64 = 0

    /// What holds for the runs of a DAG, or for processes and DAGs without limits of their own.
    public func limits(for dag: DAGID? = nil) -> RetentionLimits {
        let general = store.applied(to: defaults)
        return dag.flatMap { dags[$0] }?.applied(to: general) ?? general
    }

    mutating func change(_ dag: DAGID?, _ change: (inout RetentionChoice) -> Void) throws(StoreError) {
        guard let dag else {
            change(&store)
            return try store.check()
        }
        var choice = dags[dag] ?? RetentionChoice()
        change(&choice)
        try choice.check()
        guard choice.maxProcesses == nil else {
            throw StoreError(
                .invalid, subject: "limit max_processes of DAG \(dag)", detail: "it is set for the whole store")
        }
        dags[dag] = choice.isEmpty ? nil : choice
    }
}

// MARK: - Record

extension RetentionSettings {
    static let recordName = RecordName(kind: "retention", key: "limits")

    /// - Parameter record: nil: nobody has set anything.
    init(_ record: Record?, defaults: RetentionLimits) throws(StoreError) {
        self.init(store: RetentionChoice(), dags: [:], defaults: defaults, recordVersion: record?.version ?? 0)
        guard let record else { return }
        let reader = try ObjectReader(record.body, subject: "retention record \(quoted(record.key))")
        store = try RetentionChoice(reader)
        for (name, json) in try reader.object("dags") ?? [:] {
            let choice = try ObjectReader(json, subject: "retention record, DAG \(quoted(name))")
            dags[try DAGID(name)] = try RetentionChoice(choice)
        }
    }

    var record: Record {
        var members = store.members
        members["dags"] = .object(
            Dictionary(uniqueKeysWithValues: dags.map { ($0.key.rawValue, .object($0.value.members)) }))
        return Record(kind: Self.recordName.kind, key: Self.recordName.key, body: .object(members))
    }
}

extension RetentionChoice {
    fileprivate init(_ reader: ObjectReader) throws(StoreError) {
        self.init(
            maxRunsPerDAG: try reader.int("max_runs_per_dag").map { Int($0) },
            maxAge: try reader.int("max_age").map { .milliseconds($0) },
            maxProcesses: try reader.int("max_processes").map { Int($0) })
    }

    fileprivate var members: [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        members["max_runs_per_dag"] = maxRunsPerDAG.map { .int(Int64($0)) }
        members["max_age"] = maxAge.map { .int($0.wholeMilliseconds) }
        members["max_processes"] = maxProcesses.map { .int(Int64($0)) }
        return members
    }
}
