import BitCollections

// The graph of tasks and the bookkeeping that makes deciding cost what changed.

extension RunFold {
    /// Lays out the nodes of a definition, each with one pending instance; hooks get theirs when they start.
    mutating func follow(_ definition: DAGDefinition) {
        self.definition = definition
        definitionVersion = definition.version
        nodes = []
        nodeIndex = [:]
        instances = []
        stateCounts = StateCounts()
        ready = []
        running = []
        retries = RetryQueue()
        openNodes = 0
        failures = 0
        for task in definition.tasks { addNode(TaskNode(id: task.id, definition: task)) }
        for hook in Hook.allCases {
            guard let task = definition.hooks[hook] else { continue }
            addNode(TaskNode(id: hook.taskID, definition: task, hook: hook))
        }
        connect()
        for index in nodes.indices where nodes[index].hook == nil {
            addInstance(InstanceID(nodes[index].id), to: index)
        }
        for index in nodes.indices where nodes[index].upstream.isEmpty { noteIfReady(index) }
    }

    private mutating func connect() {
        for index in nodes.indices where nodes[index].hook == nil {
            let upstream = (nodes[index].definition?.needs ?? []).compactMap { nodeIndex[$0] }
            nodes[index].upstream = upstream
            nodes[index].remainingUpstream = upstream.count
            for other in upstream { nodes[other].downstream.append(index) }
        }
    }

    @discardableResult
    mutating func addNode(_ node: TaskNode) -> Int {
        nodes.append(node)
        nodeIndex[node.id] = nodes.count - 1
        return nodes.count - 1
    }

    @discardableResult
    mutating func addInstance(_ id: InstanceID, to index: Int, item: JSONValue? = nil) -> Int {
        let retries = nodes[index].definition?.retries ?? 0
        let slot = instances.count
        instances.append(TaskInstance(id: id, node: index, maxTries: retries + 1, item: item))
        let offset = nodes[index].slots.count
        nodes[index].slots.append(slot)
        if nodes[index].definition == nil { nodes[index].offsets[id] = offset }
        nodes[index].pending.insert(offset)
        nodes[index].pendingCount += 1
        nodes[index].open += 1
        if nodes[index].open == 1, nodes[index].hook == nil { openNodes += 1 }
        stateCounts.change(.pending, by: 1)
        return slot
    }

    /// Gives a mapped task an instance for each item, all pending, in place of its pending placeholder. Without items it has
    /// ended at once.
    mutating func expand(_ index: Int, _ items: [JSONValue]) {
        guard let placeholder = nodes[index].slots.first else { return }
        stateCounts.change(.pending, by: -1)
        instances[placeholder].isCurrent = false
        nodes[index].slots = []
        nodes[index].pending = []
        nodes[index].pendingCount = 0
        nodes[index].open = 0
        openNodes -= 1
        nodes[index].items = items
        let earlier = nodes[index].filedIndices
        nodes[index].filedIndices = max(earlier, items.count)
        for (mapIndex, item) in items.enumerated() {
            let slot = addInstance(InstanceID(nodes[index].id, mapIndex: mapIndex), to: index, item: item)
            if mapIndex < earlier { instances[slot].filedIndex = newFiledIndex(of: index) }
        }
        if items.isEmpty { changeRemaining(behind: index, by: -1) }
        noteIfReady(index)
    }

    /// One that no earlier item of the task has.
    private mutating func newFiledIndex(of index: Int) -> Int {
        defer { nodes[index].filedIndices += 1 }
        return nodes[index].filedIndices
    }

    /// The one place where an instance changes its state.
    mutating func setState(of slot: Int, to next: TaskState, at time: Timestamp) {
        let previous = instances[slot].state
        let index = instances[slot].node
        instances[slot].state = next
        if next.isTerminal || next == .upForRetry { instances[slot].endedAt = time }
        stateCounts.change(previous, by: -1)
        stateCounts.change(next, by: 1)
        leave(previous, slot: slot, node: index)
        enter(next, slot: slot, node: index, at: time)
        if previous.isTerminal != next.isTerminal { changeOpen(of: index, by: next.isTerminal ? -1 : 1) }
        noteIfReady(index)
    }

    private mutating func leave(_ state: TaskState, slot: Int, node index: Int) {
        switch state {
        case .running: running.remove(slot)
        case .upForRetry:
            if let time = instances[slot].retryAt { retries.remove(RetryQueue.Retry(at: time, slot: slot)) }
            instances[slot].retryAt = nil
        case .pending:
            guard let offset = nodes[index].offset(of: instances[slot].id) else { return }
            nodes[index].pending.remove(offset)
            nodes[index].pendingCount -= 1
        case .success: changeTally(of: index, \.succeeded, by: -1)
        case .skipped: changeTally(of: index, \.skipped, by: -1)
        case .failed, .upstreamFailed, .cancelled: changeFailures(of: index, state, by: -1)
        case .queued, .waiting: break
        }
    }

    private mutating func enter(_ state: TaskState, slot: Int, node index: Int, at time: Timestamp) {
        switch state {
        case .running: running.insert(slot)
        case .upForRetry:
            let due = instances[slot].retryAt ?? time
            instances[slot].retryAt = due
            retries.insert(RetryQueue.Retry(at: due, slot: slot))
        case .pending:
            guard let offset = nodes[index].offset(of: instances[slot].id) else { return }
            nodes[index].pending.insert(offset)
            nodes[index].pendingCount += 1
        case .success: changeTally(of: index, \.succeeded, by: 1)
        case .skipped: changeTally(of: index, \.skipped, by: 1)
        case .failed, .upstreamFailed, .cancelled: changeFailures(of: index, state, by: 1)
        case .queued, .waiting: break
        }
    }

    // MARK: What dependants have to know

    private mutating func changeFailures(of index: Int, _ state: TaskState, by change: Int) {
        changeTally(of: index, \.failed, by: change)
        if state != .cancelled, nodes[index].failureCounts { failures += change }
    }

    /// Dependants are told only of the first instance that ended so and of the last.
    private mutating func changeTally(
        of index: Int, _ outcome: WritableKeyPath<TaskNode.Tally, Int>, by change: Int
    ) {
        let had = nodes[index].tally[keyPath: outcome] > 0
        nodes[index].tally[keyPath: outcome] += change
        let has = nodes[index].tally[keyPath: outcome] > 0
        guard had != has else { return }
        let counts = outcome == \.failed && nodes[index].failureCounts
        for next in nodes[index].downstream {
            nodes[next].upstreamTally[keyPath: outcome] += has ? 1 : -1
            if counts { nodes[next].upstreamFailures += has ? 1 : -1 }
            noteIfReady(next)
        }
    }

    private mutating func changeOpen(of index: Int, by change: Int) {
        let wasEnded = nodes[index].hasEnded
        nodes[index].open += change
        guard wasEnded != nodes[index].hasEnded, nodes[index].hook == nil else { return }
        openNodes += wasEnded ? 1 : -1
        changeRemaining(behind: index, by: wasEnded ? 1 : -1)
    }

    private mutating func changeRemaining(behind index: Int, by change: Int) {
        for next in nodes[index].downstream {
            nodes[next].remainingUpstream += change
            noteIfReady(next)
        }
    }

    /// Keeps `ready` true for one node.
    private mutating func noteIfReady(_ index: Int) {
        if nodes[index].pendingCount > 0, judge(index) != nil {
            ready.insert(index)
        } else {
            ready.remove(index)
        }
    }
}
