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
        taskCounts = [:]
        ready = []
        running = []
        retries = []
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
        for index in nodes.indices {
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
    mutating func addInstance(_ id: InstanceID, to index: Int) -> Int {
        let retries = nodes[index].definition?.retries ?? 0
        instances.append(TaskInstance(id: id, maxTries: retries + 1))
        let slot = instances.count - 1
        nodes[index].slots.append(slot)
        nodes[index].pending.insert(nodes[index].slots.count - 1)
        nodes[index].open += 1
        if nodes[index].open == 1, nodes[index].hook == nil { openNodes += 1 }
        taskCounts[.pending, default: 0] += 1
        return slot
    }

    /// Takes the placeholder of a mapped task out of everything that counts.
    mutating func retire(_ slot: Int, of index: Int) {
        taskCounts[instances[slot].state, default: 0] -= 1
        dropEmptyCounts()
        instances[slot].isCurrent = false
        nodes[index].slots = []
        nodes[index].pending = []
        nodes[index].open = 0
        openNodes -= 1
        ready.remove(index)
    }

    private mutating func dropEmptyCounts() {
        for (state, count) in taskCounts where count == 0 { taskCounts[state] = nil }
    }

    /// The one place where an instance changes its state.
    mutating func setState(of slot: Int, to next: TaskState, at time: Timestamp) {
        let previous = instances[slot].state
        guard let index = nodeIndex[instances[slot].id.task] else { return }
        instances[slot].state = next
        if next.isTerminal || next == .upForRetry { instances[slot].endedAt = time }
        taskCounts[previous, default: 0] -= 1
        taskCounts[next, default: 0] += 1
        dropEmptyCounts()
        leave(previous, slot: slot, node: index)
        enter(next, slot: slot, node: index)
        if previous.isTerminal != next.isTerminal { changeOpen(of: index, by: next.isTerminal ? -1 : 1) }
        noteIfReady(index)
        if next.isTerminal { notifyEarlyTriggers(of: index) }
    }

    private mutating func leave(_ state: TaskState, slot: Int, node index: Int) {
        switch state {
        case .running: running.remove(slot)
        case .upForRetry:
            retries.removeAll { $0.slot == slot }
            instances[slot].retryAt = nil
        case .pending: if let offset = offset(of: slot, in: index) { nodes[index].pending.remove(offset) }
        case .success: nodes[index].tally.succeeded -= 1
        case .skipped: nodes[index].tally.skipped -= 1
        case .failed, .upstreamFailed, .cancelled: tallyFailure(of: index, state, by: -1)
        case .queued, .waiting: break
        }
    }

    private mutating func enter(_ state: TaskState, slot: Int, node index: Int) {
        switch state {
        case .running: running.insert(slot)
        case .upForRetry:
            let retry = Retry(at: instances[slot].retryAt ?? updatedAt, slot: slot)
            retries.insert(retry, at: retries.firstIndex { $0.at > retry.at } ?? retries.endIndex)
        case .pending: if let offset = offset(of: slot, in: index) { nodes[index].pending.insert(offset) }
        case .success: nodes[index].tally.succeeded += 1
        case .skipped: nodes[index].tally.skipped += 1
        case .failed, .upstreamFailed, .cancelled: tallyFailure(of: index, state, by: 1)
        case .queued, .waiting: break
        }
    }

    private func offset(of slot: Int, in index: Int) -> Int? {
        let slots = nodes[index].slots
        if let mapIndex = instances[slot].id.mapIndex, mapIndex < slots.count, slots[mapIndex] == slot {
            return mapIndex
        }
        return slots.firstIndex(of: slot)
    }

    private mutating func tallyFailure(of index: Int, _ state: TaskState, by change: Int) {
        nodes[index].tally.failed += change
        if state != .cancelled, nodes[index].failureCounts { failures += change }
    }

    private mutating func changeOpen(of index: Int, by change: Int) {
        let wasOpen = !nodes[index].hasEnded
        nodes[index].open += change
        guard wasOpen == nodes[index].hasEnded, nodes[index].hook == nil else { return }
        openNodes += wasOpen ? -1 : 1
        for next in nodes[index].downstream {
            nodes[next].remainingUpstream += wasOpen ? -1 : 1
            noteIfReady(next)
        }
    }

    /// Gives a mapped task its instances, all pending; one without items has ended at once.
    mutating func addItems(_ items: [JSONValue], to index: Int) {
        nodes[index].items = items
        for (mapIndex, item) in items.enumerated() {
            let slot = addInstance(InstanceID(nodes[index].id, mapIndex: mapIndex), to: index)
            instances[slot].item = item
        }
        noteIfReady(index)
        guard items.isEmpty else { return }
        for next in nodes[index].downstream {
            nodes[next].remainingUpstream -= 1
            noteIfReady(next)
        }
    }

    private mutating func notifyEarlyTriggers(of index: Int) {
        for next in nodes[index].downstream where nodes[next].definition?.trigger.isEarly == true { noteIfReady(next) }
    }

    /// Keeps `ready` true for one node.
    mutating func noteIfReady(_ index: Int) {
        let node = nodes[index]
        guard node.hook == nil, node.definition != nil, !node.pending.isEmpty, judge(index) != nil else {
            ready.remove(index)
            return
        }
        ready.insert(index)
    }
}
