/// What limits removed, or would remove.
public struct PruneReport: Sendable, Equatable {
    public let isDryRun: Bool
    /// By DAG, oldest first.
    public internal(set) var runs: [DAGID: [RunID]] = [:]
    /// Oldest first.
    public internal(set) var processes: [String] = []
    /// What is over a limit and stays, since it is pinned, unfinished or held by a worker.
    public internal(set) var kept = 0
    public internal(set) var blobsCollected = 0
    public internal(set) var bytesFreed: Int64 = 0
    /// What stood against it. The next pruning tries again.
    public internal(set) var failures: [StoreError] = []

    init(isDryRun: Bool = false) { self.isDryRun = isDryRun }

    public var runCount: Int { runs.values.reduce(0) { $0 + $1.count } }

    /// Whether nothing was over a limit.
    public var isEmpty: Bool { runs.isEmpty && processes.isEmpty && failures.isEmpty }

    mutating func add(_ history: HistoryID, of dag: DAGID) {
        switch history {
        case .run(let run): runs[dag, default: []].append(run)
        case .process: processes.append(history.id)
        }
    }
}

/// What is over the limits.
public struct RetentionExcess: Sendable, Hashable {
    public var runs = 0
    public var processes = 0

    public init(runs: Int = 0, processes: Int = 0) {
        self.runs = runs
        self.processes = processes
    }

    public var isNone: Bool { self == RetentionExcess() }
}

// MARK: - Output

extension PruneReport {
    /// `dry_run`, `pruned` counts, `runs` by DAG, `processes`, `kept`, `blobs_collected`, `bytes_freed`, `failures`.
    public var outputMembers: [String: JSONValue] {
        let runs = runs.map { dag, runs in (dag.rawValue, JSONValue.array(runs.map { .string($0.rawValue) })) }
        return [
            "dry_run": .bool(isDryRun),
            "pruned": ["runs": output(runCount), "processes": output(processes.count)],
            "runs": .object(Dictionary(uniqueKeysWithValues: runs)),
            "processes": .array(processes.map { .string($0) }),
            "kept": output(kept),
            "blobs_collected": output(blobsCollected),
            "bytes_freed": .int(bytesFreed),
            "failures": .array(failures.map { .string($0.description) }),
        ]
    }
}

extension RetentionSettings {
    /// `limits` of the store, with the backend's where nobody has set any, and those of `dags` that have their own.
    public var outputJSON: JSONValue {
        var members = limits().members
        members["dags"] = .object(
            Dictionary(
                uniqueKeysWithValues: dags.keys.map { dag in
                    var own = limits(for: dag).members
                    own["max_processes"] = nil
                    return (dag.rawValue, .object(own))
                }))
        return .object(members)
    }
}

extension RetentionLimits {
    /// `max_age` in seconds; 0 keeps all.
    fileprivate var members: [String: JSONValue] {
        [
            "max_runs_per_dag": output(maxRunsPerDAG), "max_age_seconds": output(maxAge),
            "max_processes": output(maxProcesses),
        ]
    }
}
