import Holdfast

extension PruneReport {
    /// Says on stderr what an addition has removed, and what it could not.
    @Sendable static func tell(_ report: PruneReport) {
        let parts = [(report.runCount, "run"), (report.processes.count, "process")].filter { $0.0 > 0 }
        if !parts.isEmpty {
            Output.error.note("over the store's limits: removed \(parts.map(counted).joined(separator: " and "))")
        }
        for failure in report.failures { Output.error.note("what is over the store's limits stays: \(failure)") }
    }
}

/// `1 run`, `2 processes`.
func counted(_ count: Int, _ noun: String) -> String {
    let plural = noun.hasSuffix("s") ? noun + "es" : noun + "s"
    return "\(count) \(count == 1 ? noun : plural)"
}
