/// What the tasks upstream say about a task.
public enum TriggerJudgement: Sendable, Hashable {
    case run, skip, upstreamFailed
}

extension Trigger {
    /// Whether it can be decided before everything upstream has ended.
    var isEarly: Bool { self == .oneSuccess || self == .oneFailed }
}

extension RunFold {
    /// Judges a node's trigger over the instances upstream; nil when it is too early to tell.
    public func judge(_ index: Int) -> TriggerJudgement? {
        let node = nodes[index]
        guard let trigger = node.definition?.trigger else { return nil }
        guard !node.upstream.isEmpty else { return .run }
        let allEnded = node.remainingUpstream == 0
        guard allEnded || trigger.isEarly else { return nil }
        switch trigger {
        case .allDone: return .run
        case .oneSuccess:
            if anyUpstream(of: node, { $0.tally.succeeded > 0 }) { return .run }
            guard allEnded else { return nil }
            return anyUpstream(of: node, { $0.tally.failed > 0 }) ? .upstreamFailed : .skip
        case .oneFailed:
            if anyUpstream(of: node, { $0.tally.failed > 0 }) { return .run }
            return allEnded ? .skip : nil
        case .noneFailed: return anyUpstream(of: node, failedForGood) ? .upstreamFailed : .run
        case .allSuccess:
            if anyUpstream(of: node, failedForGood) { return .upstreamFailed }
            return anyUpstream(of: node, { $0.tally.skipped > 0 }) ? .skip : .run
        }
    }

    private func anyUpstream(of node: TaskNode, _ condition: (TaskNode) -> Bool) -> Bool {
        node.upstream.contains { condition(nodes[$0]) }
    }

    private func failedForGood(_ node: TaskNode) -> Bool { node.tally.failed > 0 && node.failureCounts }
}
