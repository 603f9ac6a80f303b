import BitCollections
import Holdfast
import Testing

/// What a fold keeps counted, worked out slowly from its instances and the words of the design.
struct Recount {
    private let fold: RunFold
    /// What there is to say against the fold.
    private(set) var complaints: [String] = []

    /// Expects every kept count to be right.
    static func check(_ fold: RunFold, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
        var recount = Recount(fold: fold)
        recount.check()
        #expect(recount.complaints.isEmpty, comment, sourceLocation: sourceLocation)
    }

    private init(fold: RunFold) { self.fold = fold }

    private mutating func check() {
        compare("task counts", fold.taskCounts, Dictionary(grouping: current, by: \.state).mapValues(\.count))
        compare("open nodes", fold.openNodes, fold.nodes.count { $0.hook == nil && !hasEnded($0) })
        compare("failures", fold.failures, fold.nodes.reduce(0) { $0 + failures(of: $1) })
        compare("running", fold.running.sorted(), slots { $0.state == .running })
        let due = slots { $0.state == .upForRetry }.map { (fold.instances[$0].retryAt, $0) }
            .sorted { ($0.0 ?? .init(milliseconds: 0), $0.1) < ($1.0 ?? .init(milliseconds: 0), $1.1) }
        compare("retries", fold.retries.map(\.slot), due.map(\.1))
        compare("times of retries", fold.retries.map { Optional($0.at) }, due.map(\.0))
        for index in fold.nodes.indices { check(index) }
        for slot in fold.nodes.flatMap(\.slots) { check(slot: slot) }
        checkArtifacts()
    }

    private mutating func compare<Value: Equatable>(_ what: String, _ kept: Value, _ counted: Value) {
        if kept != counted { complaints.append("\(what): \(kept), should be \(counted)") }
    }

    private var current: [TaskInstance] { fold.nodes.flatMap(instances) }

    private func instances(of node: TaskNode) -> [TaskInstance] { node.slots.map { fold.instances[$0] } }

    private func slots(where condition: (TaskInstance) -> Bool) -> [Int] {
        fold.nodes.flatMap(\.slots).filter { condition(fold.instances[$0]) }.sorted()
    }

    private func hasEnded(_ node: TaskNode) -> Bool { instances(of: node).allSatisfy(\.state.isTerminal) }

    private func failures(of node: TaskNode) -> Int {
        guard node.hook == nil, node.definition?.allowFailure != true else { return 0 }
        return instances(of: node).count { $0.state == .failed || $0.state == .upstreamFailed }
    }

    private mutating func check(_ index: Int) {
        let node = fold.nodes[index]
        let upstream = node.upstream.map { fold.nodes[$0] }
        compare("\(node.id): index", fold.nodeIndex[node.id], index)
        compare("\(node.id): upstream", upstream.map(\.id), node.hook == nil ? node.definition?.needs ?? [] : [])
        compare("\(node.id): remaining upstream", node.remainingUpstream, upstream.count { !hasEnded($0) })
        let pending = node.slots.indices.filter { fold.instances[node.slots[$0]].state == .pending }
        compare("\(node.id): pending", node.pending.sorted(), pending)
        let judged = judgement(node, upstream)
        compare("\(node.id): judgement", fold.judge(index), judged)
        compare("\(node.id): ready", fold.ready.contains(index), !pending.isEmpty && judged != nil)
        for next in node.downstream where !fold.nodes[next].upstream.contains(index) {
            complaints.append("\(node.id): \(fold.nodes[next].id) is not behind it")
        }
        guard let items = node.items, node.definition != nil else { return }
        compare("\(node.id): items", instances(of: node).map(\.item), items)
        compare("\(node.id): map indices", instances(of: node).map(\.id.mapIndex), Array(items.indices))
    }

    private mutating func check(slot: Int) {
        let instance = fold.instances[slot]
        compare("\(instance.id): slot", fold.slot(of: instance.id), slot)
        compare("\(instance.id): has a retry time", instance.retryAt != nil, instance.state == .upForRetry)
        if instance.definedTries(fold) != nil, instance.state == .pending, instance.tryNumber >= instance.maxTries {
            complaints.append("\(instance.id) is pending without a try left")
        }
    }

    /// The triggers in the words of the design.
    private func judgement(_ node: TaskNode, _ upstream: [TaskNode]) -> TriggerJudgement? {
        guard node.hook == nil, let trigger = node.definition?.trigger else { return nil }
        guard !upstream.isEmpty else { return .run }
        let all = upstream.flatMap(instances)
        let failed: (TaskInstance) -> Bool = { [.failed, .upstreamFailed, .cancelled].contains($0.state) }
        if trigger == .oneSuccess, all.contains(where: { $0.state == .success }) { return .run }
        if trigger == .oneFailed, all.contains(where: failed) { return .run }
        guard upstream.allSatisfy(hasEnded) else { return nil }
        let hasFailure = upstream.contains {
            $0.definition?.allowFailure != true && instances(of: $0).contains(where: failed)
        }
        switch trigger {
        case .allSuccess where hasFailure, .noneFailed where hasFailure, .oneSuccess where hasFailure:
            return .upstreamFailed
        case .allSuccess where all.contains { $0.state == .skipped }: return .skip
        case .oneSuccess, .oneFailed: return .skip
        case .allSuccess, .noneFailed, .allDone: return .run
        }
    }

    private mutating func checkArtifacts() {
        let keys = fold.artifacts.keys.sorted()
        for (key, artifact) in fold.artifacts where artifact.key != key {
            complaints.append("\(key) holds \(artifact.key)")
        }
        for (index, key) in keys.enumerated() {
            for other in keys[..<index] where key.clashes(with: other) {
                complaints.append("\(key) clashes with \(other)")
            }
        }
    }
}

extension TaskInstance {
    fileprivate func definedTries(_ fold: RunFold) -> Int? { fold.node(id.task)?.definition?.retries }
}
