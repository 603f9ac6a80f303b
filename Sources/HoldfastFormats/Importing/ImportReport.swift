public import Holdfast

/// What an import brought, or would bring.
public struct ImportReport: Sendable, Hashable {
    /// New records by kind.
    public struct Counts: Sendable, Hashable {
        public var runs = 0
        public var processes = 0
        public var workspaces = 0
        public var artifacts = 0
        public var cached = 0
        public var dags = 0

        public init() {}

        mutating func add(_ part: Counts) {
            runs += part.runs
            processes += part.processes
            workspaces += part.workspaces
            artifacts += part.artifacts
            cached += part.cached
            dags += part.dags
        }

        var total: Int { runs + processes + workspaces + artifacts + cached + dags }
    }

    /// Something that was not taken over.
    public struct Rejection: Sendable, Hashable {
        public var file: String
        /// From 1; nil where a line says nothing, as in a database.
        public var line: Int?
        public var reason: String

        public init(file: String, line: Int?, reason: String) {
            self.file = file
            self.line = line
            self.reason = reason
        }
    }

    public let format: RecordFormat
    public internal(set) var imported = Counts()
    /// Records that were there already, with the same content.
    public internal(set) var unchanged = 0
    /// Lines that a later one for the same run replaces.
    public internal(set) var superseded = 0
    /// By file and line.
    public internal(set) var rejected: [Rejection] = []
    /// What the store has above its limits, now that all is in; the next added run or process, or `prune`, applies them.
    /// Nil after a dry run, which has nothing to count.
    public internal(set) var aboveLimits: RetentionExcess?

    init(format: RecordFormat) { self.format = format }

    /// `{"format", "imported": {…}, "unchanged", "rejected": [{"file", "line", "reason"}], "above_limits": {"runs", "processes"}}`.
    public var outputJSON: JSONValue {
        [
            "format": .string(format.rawValue),
            "imported": imported.outputJSON, "unchanged": .int(Int64(unchanged)),
            "rejected": .array(rejected.map(\.outputJSON)),
            "above_limits": aboveLimits.map {
                ["runs": .int(Int64($0.runs)), "processes": .int(Int64($0.processes))]
            } ?? .null,
        ]
    }
}

extension ImportReport.Counts {
    public var outputJSON: JSONValue {
        [
            "runs": .int(Int64(runs)), "processes": .int(Int64(processes)), "workspaces": .int(Int64(workspaces)),
            "artifacts": .int(Int64(artifacts)), "cached": .int(Int64(cached)), "dags": .int(Int64(dags)),
        ]
    }
}

extension ImportReport.Rejection {
    public var outputJSON: JSONValue {
        [
            "file": .string(file), "line": line.map { .int(Int64($0)) } ?? .null, "reason": .string(reason),
        ]
    }
}
