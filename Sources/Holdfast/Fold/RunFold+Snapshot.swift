// What a run begins with when it was imported, or copied from an earlier one.

extension RunFold {
    /// Whether another system recorded its beginning, so that nobody here knows what its tasks do.
    package var isImported: Bool { created?.trigger == RunCreated.importTrigger }

    mutating func restore(_ snapshot: RunSnapshot, _ event: Event) throws(StoreError) {
        try check(snapshot.created.definition, event)
        if let flaw = snapshot.flaw { throw refusal(event, flaw) }
        try checkSaving(snapshot.artifacts, event)
        begin(snapshot.created, at: event.time)
        for index in nodes.indices where nodes[index].isMapped {
            if let items = snapshot.items[nodes[index].id] { expand(index, items) }
        }
        for restored in snapshot.instances { restore(restored, snapshot, at: event.time) }
        for xcom in snapshot.xcoms {
            let slot = slot(of: xcom.instance) ?? addDynamicInstance(xcom.instance)
            instances[slot].xcoms[xcom.key] = XCom(
                xcom.value, createdAt: xcom.createdAt, sequence: event.sequence, mapIndex: xcom.instance.mapIndex)
        }
        for artifact in snapshot.artifacts { keep(artifact) }
        state = snapshot.state
        startedAt = snapshot.startedAt
        endedAt = snapshot.endedAt
        failureReason = snapshot.failureReason
        retryCount = snapshot.retryCount
    }

    private mutating func restore(_ restored: RunSnapshot.Instance, _ snapshot: RunSnapshot, at time: Timestamp) {
        let slot = slot(of: restored.id) ?? addDynamicInstance(restored.id)
        instances[slot].tryNumber = restored.tryNumber
        let allowance = instances[slot].maxTries
        let isToBeTried = restored.state == .pending || restored.state == .upForRetry
        instances[slot].maxTries = isToBeTried ? restored.tryNumber + allowance : max(allowance, restored.tryNumber)
        if let maxTries = restored.maxTries { instances[slot].maxTries = max(maxTries, restored.tryNumber) }
        instances[slot].exitCode = restored.exitCode
        instances[slot].error = restored.error
        if let items = snapshot.items[restored.id.task], let index = restored.id.mapIndex, items.indices.contains(index)
        {
            instances[slot].item = items[index]
        }
        setState(of: slot, to: restored.state, at: restored.endedAt ?? time)
        instances[slot].startedAt = restored.startedAt
        instances[slot].endedAt = restored.endedAt
    }
}

extension RunSnapshot {
    /// What in it contradicts its own definition, or itself.
    fileprivate var flaw: String? {
        var seen: Set<InstanceID> = []
        if let twice = instances.first(where: { !seen.insert($0.id).inserted }) { return "it has \(twice.id) twice" }
        if let odd = instances.first(where: { $0.tryNumber < 0 }) { return "\(odd.id) is at a try below 0" }
        if retryCount < 0 { return "it has fewer than 0 retries" }
        if state == .queued, let busy = instances.first(where: { !$0.state.isTerminal && $0.state != .pending }) {
            return "\(busy.id) is \(busy.state.rawValue) in a run that was not started"
        }
        let named = instances.map(\.id) + xcoms.map(\.instance)
        guard let definition = created.definition else {
            return named.first { $0.mapIndex ?? 0 < 0 }.map { "there is no instance \($0)" }
        }
        let tasks = Dictionary(definition.tasks.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let hooks = Set(definition.hooks.keys.map(\.taskID))
        if let stray = items.keys.sorted().first(where: { tasks[$0]?.foreach == nil }) {
            return "there is no foreach task \(stray)"
        }
        for id in named {
            if hooks.contains(id.task), id.mapIndex == nil, seen.contains(id) { continue }
            guard let task = tasks[id.task] else { return "the DAG has no task \(id.task)" }
            let indices = task.foreach == nil ? nil : items[id.task]?.indices
            guard id.mapIndex.map({ indices?.contains($0) ?? false }) ?? (indices == nil) else {
                return "there is no instance \(id)"
            }
        }
        return nil
    }
}
