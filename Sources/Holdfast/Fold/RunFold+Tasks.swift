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
        case .xcomSet(let instance, let key, let value):
            let slot = try findOrAddSlot(instance, event)
            instances[slot].xcoms[key] = XCom(value, createdAt: event.time, sequence: event.sequence)
        case .xcomDeleted(let instance, let key):
            if let slot = slot(of: instance) { instances[slot].xcoms[key] = nil }
        case .artifactSaved(let artifact): try save([artifact], event)
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
        guard nodes[index].items == nil, let placeholder = nodes[index].slots.first,
            instances[placeholder].state == .pending
        else { throw refusal(event, "the items of \(task) are known already or it has ended") }
        retire(placeholder, of: index)
        nodes[index].items = items
        addItems(items, to: index)
        adoptCarried(by: index)
    }

    /// Items that were finished under an earlier definition are not run again.
    private mutating func adoptCarried(by index: Int) {
        for slot in nodes[index].slots {
            guard let kept = nodes[index].carried.firstIndex(where: { $0.item == instances[slot].item }) else {
                continue
            }
            let earlier = nodes[index].carried.remove(at: kept)
            adopt(earlier, in: slot)
        }
    }

    private mutating func start(_ started: TaskStarted, _ event: Event) throws(StoreError) {
        try requireActive(event)
        let slot = try findSlot(started.instance, event)
        let current = slot.map { instances[$0].state } ?? .pending
        guard current.canBecome(.running) else {
            throw refusal(event, "\(started.instance) is \(current.rawValue)")
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
        setState(of: target, to: .running, at: event.time)
    }

    /// A hook that runs again after a resume goes on counting, although its instance is made anew.
    private func lastTry(of id: InstanceID, slot: Int?) -> Int {
        if let slot { return instances[slot].tryNumber }
        return node(id.task)?.lastTry ?? 0
    }

    private mutating func finish(_ finished: TaskFinished, _ event: Event) throws(StoreError) {
        try requireActive(event)
        let slot = try findSlot(finished.instance, event)
        let current = slot.map { instances[$0].state } ?? .running
        let isStep = slot.map { nodes[nodeIndex[instances[$0].id.task] ?? 0].definition == nil } ?? true
        guard current == .running || isStep && current == .pending, current.canBecome(finished.state) else {
            throw refusal(event, "\(finished.instance) is \(current.rawValue)")
        }
        if let slot, current == .running, instances[slot].tryNumber != finished.tryNumber {
            throw refusal(event, "\(finished.instance) is at try \(instances[slot].tryNumber)")
        }
        try checkSaving(finished.artifacts, event)
        let target = slot ?? addDynamicInstance(finished.instance)
        instances[target].tryNumber = finished.tryNumber
        instances[target].exitCode = finished.exitCode
        instances[target].error = finished.error
        instances[target].retryAt = finished.state == .upForRetry ? finished.retryAt ?? event.time : nil
        for (key, value) in finished.xcoms {
            instances[target].xcoms[key] = XCom(value, createdAt: event.time, sequence: event.sequence)
        }
        for artifact in finished.artifacts { keep(artifact) }
        if finished.state == .upForRetry { retryCount += 1 }
        setState(of: target, to: finished.state, at: event.time)
    }

    private mutating func decide(_ decided: TaskDecided, _ event: Event) throws(StoreError) {
        try requireActive(event)
        let slot = try findSlot(decided.instance, event)
        let current = slot.map { instances[$0].state } ?? .pending
        guard current != .running, decided.state != .running, current.canBecome(decided.state) else {
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
        let slot = try findOrAddSlot(decided.instance, event)
        requestedMarks.removeAll { $0.instance == decided.instance }
        instances[slot].isMarked = true
        instances[slot].error = decided.reason
        setState(of: slot, to: decided.state, at: event.time)
    }

    private mutating func complete(_ step: StepCompleted, _ event: Event) throws(StoreError) {
        try requireActive(event)
        let id = InstanceID(step.task)
        let slot = try findSlot(id, event)
        let current = slot.map { instances[$0].state } ?? .pending
        guard !current.isTerminal else { throw refusal(event, "step \(step.task) is \(current.rawValue)") }
        let target = slot ?? addDynamicInstance(id)
        instances[target].tryNumber = step.tryNumber
        instances[target].startedAt = instances[target].startedAt ?? event.time
        instances[target].xcoms["return_value"] = XCom(step.value, createdAt: event.time, sequence: event.sequence)
        setState(of: target, to: .success, at: event.time)
    }

    // MARK: Artifacts

    private mutating func save(_ saved: [ArtifactReference], _ event: Event) throws(StoreError) {
        try checkSaving(saved, event)
        for artifact in saved { keep(artifact) }
    }

    mutating func keep(_ artifact: ArtifactReference) {
        guard artifacts.updateValue(artifact, forKey: artifact.key) == nil else { return }
        for folder in artifact.key.folders { artifactFolders[folder, default: 0] += 1 }
    }

    mutating func drop(_ key: ArtifactKey) {
        guard artifacts.removeValue(forKey: key) != nil else { return }
        for folder in key.folders {
            let rest = artifactFolders[folder, default: 1] - 1
            artifactFolders[folder] = rest > 0 ? rest : nil
        }
    }

    /// A key that is a folder of another is refused: as files they could not both exist.
    private func checkSaving(_ saved: [ArtifactReference], _ event: Event) throws(StoreError) {
        for (index, artifact) in saved.enumerated() where artifacts[artifact.key] == nil {
            let clash =
                saved[..<index].first { $0.key.clashes(with: artifact.key) }?.key
                ?? artifacts.keys.first { $0.clashes(with: artifact.key) }
            if let clash {
                throw refusal(event, "artifact \(artifact.key) clashes with \(clash): one is a folder of the other")
            }
        }
    }

    // MARK: Instances

    /// The slot of an instance; nil when it may be added, as tasks without a definition are.
    private func findSlot(_ id: InstanceID, _ event: Event) throws(StoreError) -> Int? {
        if let slot = slot(of: id) { return slot }
        guard let index = nodeIndex[id.task] else {
            guard definition == nil else { throw refusal(event, "the DAG has no task \(id.task)") }
            return nil
        }
        guard nodes[index].definition == nil || nodes[index].hook != nil else {
            throw refusal(event, "there is no instance \(id)")
        }
        return nil
    }

    private mutating func findOrAddSlot(_ id: InstanceID, _ event: Event) throws(StoreError) -> Int {
        try findSlot(id, event) ?? addDynamicInstance(id)
    }

    private mutating func addDynamicInstance(_ id: InstanceID) -> Int {
        let index = nodeIndex[id.task] ?? addNode(TaskNode(id: id.task, definition: nil))
        let slot = addInstance(id, to: index)
        if let earlier = nodes[index].carried.popLast() { adoptTries(of: earlier, in: slot) }
        return slot
    }
}
