import BitCollections

// What a resume keeps and what it resets, and what a snapshot brings.

extension RunFold {
    mutating func resume(_ resumed: Resumed, _ event: Event) throws(StoreError) {
        try checkTransition(to: .running, event)
        params.merge(resumed.params) { _, new in new }
        let forgotten = forgettableNodes()
        let earlier = currentInstances
        let items = Dictionary(uniqueKeysWithValues: nodes.compactMap { node in node.items.map { (node.id, $0) } })
        let previous = definition
        if let next = resumed.definition ?? definition {
            follow(next)
            for instance in earlier where keeps(instance, forgotten: forgotten) || instance.tryNumber > 0 {
                carry(instance, forgotten: forgotten, from: previous, items: items)
            }
            dropDataOfRemovedTasks()
        } else {
            resetDynamicInstances(at: event.time)
        }
        state = .running
        startedAt = startedAt ?? event.time
        endedAt = nil
        failureReason = nil
        cancelRequestedAt = nil
        cancelReason = nil
        resumeCount += 1
    }

    /// Nodes with something to do again, and everything behind them: there, a skip is decided anew.
    private func forgettableNodes() -> Set<TaskID> {
        var forgotten = Set<Int>()
        var queue = nodes.indices.filter { index in
            nodes[index].hook == nil && nodes[index].slots.contains { isReset(instances[$0]) }
        }
        while let index = queue.popLast() {
            guard forgotten.insert(index).inserted else { continue }
            queue += nodes[index].downstream
        }
        return Set(forgotten.map { nodes[$0].id })
    }

    private func isReset(_ instance: TaskInstance) -> Bool {
        instance.state != .success && instance.state != .skipped
    }

    private func keeps(_ instance: TaskInstance, forgotten: Set<TaskID>) -> Bool {
        switch instance.state {
        case .success: true
        case .skipped: instance.isMarked || !forgotten.contains(instance.id.task)
        default: false
        }
    }

    /// Brings an instance of before the resume into the graph laid out anew: whole when it is kept, else its tries alone.
    private mutating func carry(
        _ earlier: TaskInstance, forgotten: Set<TaskID>, from previous: DAGDefinition?, items: [TaskID: [JSONValue]]
    ) {
        guard let index = nodeIndex[earlier.id.task] else { return }
        let node = nodes[index]
        let isKept = keeps(earlier, forgotten: forgotten)
        if node.hook != nil {
            nodes[index].carried = [earlier]
            return
        }
        guard node.isMapped == (earlier.id.mapIndex != nil) || isKept && earlier.state == .skipped else { return }
        let wasDefinedSo = previous?.tasks.first { $0.id == node.id }?.foreach == node.definition?.foreach
        if node.needsExpansion, let known = items[node.id], wasDefinedSo { expandAgain(index, known) }
        if node.isMapped, nodes[index].items == nil {
            if earlier.id.mapIndex == nil, let slot = nodes[index].slots.first {
                adopt(earlier, in: slot)
            } else if isKept {
                nodes[index].carried.append(earlier)
            }
            return
        }
        guard let slot = slot(of: earlier.id) else { return }
        if isKept { adopt(earlier, in: slot) } else { adoptTries(of: earlier, in: slot) }
    }

    private mutating func expandAgain(_ index: Int, _ items: [JSONValue]) {
        guard let placeholder = nodes[index].slots.first else { return }
        retire(placeholder, of: index)
        addItems(items, to: index)
    }

    /// Puts what an earlier instance reached into a slot of the present graph.
    mutating func adopt(_ earlier: TaskInstance, in slot: Int) {
        adoptTries(of: earlier, in: slot)
        instances[slot].tryToken = earlier.tryToken
        instances[slot].startedAt = earlier.startedAt
        instances[slot].exitCode = earlier.exitCode
        instances[slot].error = earlier.error
        instances[slot].isMarked = earlier.isMarked
        instances[slot].xcoms = earlier.xcoms
        instances[slot].retryAt = earlier.retryAt
        setState(of: slot, to: earlier.state, at: earlier.endedAt ?? updatedAt)
        instances[slot].endedAt = earlier.endedAt
    }

    /// A fresh allowance of retries, while the tries go on counting. The last try token stays known: whatever still
    /// carries it has to be ended before the next try.
    mutating func adoptTries(of earlier: TaskInstance, in slot: Int) {
        instances[slot].tryNumber = earlier.tryNumber
        instances[slot].tryToken = earlier.tryToken
        let retries = nodeIndex[instances[slot].id.task].flatMap { nodes[$0].definition?.retries } ?? 0
        instances[slot].maxTries = earlier.tryNumber + retries + 1
    }

    private mutating func resetDynamicInstances(at time: Timestamp) {
        for slot in instances.indices where isReset(instances[slot]) {
            setState(of: slot, to: .pending, at: time)
            instances[slot].maxTries = instances[slot].tryNumber + 1
        }
    }

    private mutating func dropDataOfRemovedTasks() {
        for (key, artifact) in artifacts where artifact.task.map({ nodeIndex[$0] == nil }) ?? false { drop(key) }
    }

    // MARK: Snapshots

    mutating func restore(_ snapshot: RunSnapshot, _ event: Event) throws(StoreError) {
        try checkSnapshot(snapshot, event)
        begin(snapshot.created, at: event.time)
        for (task, items) in snapshot.items { if let index = nodeIndex[task] { expandAgain(index, items) } }
        for restored in snapshot.instances { restore(restored) }
        for xcom in snapshot.xcoms {
            let slot = slot(of: xcom.instance) ?? addRestored(xcom.instance)
            instances[slot].xcoms[xcom.key] = XCom(xcom.value, createdAt: xcom.createdAt, sequence: event.sequence)
        }
        for artifact in snapshot.artifacts { keep(artifact) }
        state = snapshot.state
        startedAt = snapshot.startedAt
        endedAt = snapshot.endedAt
        failureReason = snapshot.failureReason
    }

    private func checkSnapshot(_ snapshot: RunSnapshot, _ event: Event) throws(StoreError) {
        guard let definition = snapshot.created.definition else { return }
        let known = Set(definition.tasks.map(\.id) + definition.hooks.keys.map(\.taskID))
        let named = snapshot.items.keys + snapshot.instances.map(\.id.task) + snapshot.xcoms.map(\.instance.task)
        if let stranger = named.first(where: { !known.contains($0) }) {
            throw refusal(event, "the DAG has no task \(stranger)")
        }
    }

    private mutating func restore(_ restored: RunSnapshot.Instance) {
        let slot = slot(of: restored.id) ?? addRestored(restored.id)
        instances[slot].tryNumber = restored.tryNumber
        instances[slot].maxTries = max(instances[slot].maxTries, restored.tryNumber)
        instances[slot].exitCode = restored.exitCode
        instances[slot].error = restored.error
        setState(of: slot, to: restored.state, at: restored.endedAt ?? updatedAt)
        instances[slot].startedAt = restored.startedAt
        instances[slot].endedAt = restored.endedAt
    }

    private mutating func addRestored(_ id: InstanceID) -> Int {
        addInstance(id, to: nodeIndex[id.task] ?? addNode(TaskNode(id: id.task, definition: nil)))
    }
}
