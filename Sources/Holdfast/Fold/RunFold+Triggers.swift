/// What the tasks upstream say about a task.
public enum TriggerJudgement: Sendable, Hashable {
    case run, skip, upstreamFailed
}

extension RunFold {
    /// Judges a node's trigger over the instances upstream; nil when it is too early to tell, and for a node that has none:
    /// hooks, and tasks recorded as they come.
    public func judge(_ index: Int) -> TriggerJudgement? {
        guard let trigger = nodes[index].trigger else { return nil }
        guard !nodes[index].upstream.isEmpty else { return .run }
        let upstream = nodes[index].upstreamTally
        let hasFailed = nodes[index].upstreamFailures > 0
        switch trigger {
        case .oneSuccess where upstream.succeeded > 0, .oneFailed where upstream.failed > 0: return .run
        case _ where nodes[index].remainingUpstream > 0: return nil
        case .allDone: return .run
        case .oneSuccess: return hasFailed ? .upstreamFailed : .skip
        case .oneFailed: return .skip
        case .noneFailed: return hasFailed ? .upstreamFailed : .run
        case .allSuccess: return hasFailed ? .upstreamFailed : upstream.skipped > 0 ? .skip : .run
        }
    }
}
