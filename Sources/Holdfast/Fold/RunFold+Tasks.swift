// Task events: what each requires, and what it changes.

extension RunFold {
    mutating func applyTaskEvent(_ event: Event) throws(StoreError) {
        switch event.payload {
        case .taskExpanded(let task, let items): try expand(task, items: items, event)
        case .taskStarted(let started): try start(started, event)
        case .taskFinished(let finished): try finish(finished, event)
        case .taskDecided(let decided): try decide(decided, event)
        case .taskMarked(let decided): try mark(decided, event)
        case .stepCompleted(let step): try complete(step, event)
        case .xcomSet(let instance, let key, let value): try setXCom(value, key, of: instance, event)
        case .xcomDeleted(let instance, let key):
            if let slot = slot(of: instance) { instances[slot].xcoms[key] = nil }
        case .artifactSaved(let artifact):
            try checkSaving([artifact], event)
            keep(artifact)
        case .artifactDeleted(let key): drop(key)
        default: preconditionFailure("\(event.payload.type) is no task event")
        }
    }

    private func requireActive(_ event: Event) throws(StoreError) {
        guard state.isActive else { throw refusal(event, "the run is \(state.rawValue), not running") }
    }

    private mutating func expand(_ task: TaskID, items: [JSONValue], _ event: Event) throws(StoreError) {
        try requireActive(event)
        guard let index = nodeIndex[task], nodes[index].isMapped else {
            throw refusal(event, "there is no foreach task \(task)")
        }
        guard nodes[index].items == nil, nodes[index].pendingCount > 0 else {
            throw refusal(event, "the items of \(task) are known already or it has ended")
        }
        expand(index, items)
        adoptCarried(by: index, at: event.time)
        requestedMarks.removeAll { $0.instance == InstanceID(task) }
    }

    private mutating func start(_ started: TaskStarted, _ event: Event) throws(StoreError) {
        try requireActive(event)
        let slot = try findSlot(started.instance, event)
        let current = slot.map { instances[$0].state } ?? .pending
        guard current.canBecome(.running) else {
            throw refusal(event, "\(started.instance) is \(current.rawValue)")
        }
        if let index = nodeIndex[started.instance.task], nodes[index].needsExpansion {
            throw refusal(event, "the items of \(started.instance.task) are not known yet")
        }
        let expected = lastTry(of: started.instance, slot: slot) + 1
        guard started.tryNumber == expected else {
            throw refusal(event, "try \(started.tryNumber) of \(started.instance) should be try \(expected)")
        }
        let target = slot ?? addDynamicInstance(started.instance)
        instances[target].tryNumber = started.tryNumber
        instances[target].tryToken = started.tryToken
        instances[target].startedAt = event.time
        instances[target].endedAt = nil
        instances[target].exitCode = nil
        instances[target].error = nil
        instances[target].cachedAs = nil
        setState(of: target, to: .running, at: event.time)
    }

    /// A hook that runs again after a resume goes on counting, although its instance is made anew.
    private func lastTry(of id: InstanceID, slot: Int?) -> Int {
        if let slot { return instances[slot].tryNumber }
        return nodeIndex[id.task].flatMap { nodes[$0].lastTry } ?? 0
    }

    private mutating func finish(_ finished: TaskFinished, _ event: Event) throws(StoreError) {
        try requireActive(event)
        guard [.success, .failed, .cancelled, .upForRetry].contains(finished.state) else {
            throw refusal(event, "no try ends \(finished.state.rawValue)")
        }
        let slot = try findSlot(finished.instance, event)
        try checkFinishing(finished, slot: slot, event)
        let xcoms = try xcoms(from: finished.xcoms, of: finished.instance, event)
        try checkSaving(finished.artifacts, event)
        let target = slot ?? addDynamicInstance(finished.instance)
        instances[target].tryNumber = max(instances[target].tryNumber, finished.tryNumber)
        instances[target].exitCode = finished.exitCode
        instances[target].error = finished.error
        instances[target].cachedAs = finished.cachedAs
        instances[target].xcoms.merge(xcoms) { _, new in new }
        for artifact in finished.artifacts { keep(artifact) }
        if finished.state == .upForRetry { retryCount += 1 }
        leaveRetries(target, at: event.time)
        instances[target].retryAt = finished.state == .upForRetry ? finished.retryAt : nil
        setState(of: target, to: finished.state, at: event.time)
    }

    /// Tasks recorded as they come need no start: whatever has not ended may end.
    private func checkFinishing(_ finished: TaskFinished, slot: Int?, _ event: Event) throws(StoreError) {
        let id = finished.instance
        let current = slot.map { instances[$0].state } ?? .pending
        let isDynamic = nodeIndex[id.task].map { nodes[$0].definition == nil } ?? true
        guard current == .running || isDynamic && !current.isTerminal else {
            throw refusal(event, "\(id) is \(current.rawValue)")
        }
        guard let slot, current == .running, instances[slot].tryNumber != finished.tryNumber else { return }
        throw refusal(event, "\(id) is at try \(instances[slot].tryNumber)")
    }

    /// A task recorded as it comes may end while it is up for retry: its next try is over already.
    private mutating func leaveRetries(_ slot: Int, at time: Timestamp) {
        if instances[slot].state == .upForRetry { setState(of: slot, to: .running, at: time) }
    }

    private mutating func decide(_ decided: TaskDecided, _ event: Event) throws(StoreError) {
        try requireActive(event)
        guard decided.state.isTerminal else { throw refusal(event, "\(decided.state.rawValue) is no end") }
        let slot = try findSlot(decided.instance, event)
        let current = slot.map { instances[$0].state } ?? .pending
        guard current != .running, current.canBecome(decided.state) else {
            throw refusal(event, "\(decided.instance) is \(current.rawValue)")
        }
        let target = slot ?? addDynamicInstance(decided.instance)
        instances[target].error = decided.reason
        setState(of: target, to: decided.state, at: event.time)
    }

    private mutating func mark(_ decided: TaskDecided, _ event: Event) throws(StoreError) {
        guard decided.state == .success || decided.state == .skipped else {
            throw refusal(event, "a task is marked success or skipped, not \(decided.state.rawValue)")
        }
        let target = try findSlot(decided.instance, event) ?? addDynamicInstance(decided.instance)
        requestedMarks.removeAll { $0.instance == decided.instance }
        instances[target].isMarked = true
        instances[target].error = decided.reason
        setState(of: target, to: decided.state, at: event.time)
    }

    /// Whether a wish to mark can be carried out; one that can't be is as if it had come too late.
    func isMarkable(_ mark: TaskDecided) -> Bool {
        (mark.state == .success || mark.state == .skipped) && refusalToFind(mark.instance) == nil
    }

    private mutating func complete(_ step: StepCompleted, _ event: Event) throws(StoreError) {
        try requireActive(event)
        let id = InstanceID(step.task)
        let slot = try findSlot(id, event)
        let current = slot.map { instances[$0].state } ?? .pending
        guard !current.isTerminal else { throw refusal(event, "step \(step.task) is \(current.rawValue)") }
        guard nodeIndex[step.task].map({ nodes[$0].definition == nil }) ?? true else {
            throw refusal(event, "\(step.task) is a task of the DAG, not a step")
        }
        let xcoms = try xcoms(from: ["return_value": step.value], of: id, event)
        let target = slot ?? addDynamicInstance(id)
        instances[target].tryNumber = max(instances[target].tryNumber, step.tryNumber)
        instances[target].startedAt = instances[target].startedAt ?? event.time
        instances[target].error = nil
        instances[target].xcoms.merge(xcoms) { _, new in new }
        setState(of: target, to: .success, at: event.time)
    }

    // MARK: Instances

    /// The slot of an instance; nil when it may be added, as hooks and tasks without a definition are.
    func findSlot(_ id: InstanceID, _ event: Event) throws(StoreError) -> Int? {
        if let slot = slot(of: id) { return slot }
        if let reason = refusalToFind(id) { throw refusal(event, reason) }
        return nil
    }

    /// Why there is no such instance, and can't be.
    private func refusalToFind(_ id: InstanceID) -> String? {
        if slot(of: id) != nil { return nil }
        if let mapIndex = id.mapIndex, mapIndex < 0 { return "there is no instance \(id)" }
        guard let index = nodeIndex[id.task] else { return definition == nil ? nil : "the DAG has no task \(id.task)" }
        if nodes[index].definition == nil || nodes[index].hook != nil && id.mapIndex == nil { return nil }
        guard let count = nodes[index].items?.count else { return "there is no instance \(id)" }
        return count == 0
            ? "the foreach of \(id.task) has no items"
            : "there is no instance \(id); name one of \(id.task)[0] to \(id.task)[\(count - 1)]"
    }

    mutating func addDynamicInstance(_ id: InstanceID) -> Int {
        let index = nodeIndex[id.task] ?? addNode(TaskNode(id: id.task, definition: nil))
        let slot = addInstance(id, to: index)
        if let earlier = nodes[index].carried.popLast() { adoptTries(of: earlier, in: slot) }
        return slot
    }
}
