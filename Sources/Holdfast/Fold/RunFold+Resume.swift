// What a resume keeps and what it resets.

extension RunFold {
    mutating func resume(_ resumed: Resumed, _ event: Event) throws(StoreError) {
        try checkTransition(to: .running, event)
        try check(resumed.definition, event)
        let earlierParams = params
        params.merge(resumed.params) { _, new in new }
        if let next = resumed.definition ?? definition {
            goOn(by: next, sameParams: params == earlierParams, at: event.time)
            requestedMarks = requestedMarks.filter(isMarkable)
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

    // MARK: Pipelines

    /// Lays the graph out anew, and puts into it what need not be done again.
    private mutating func goOn(by next: DAGDefinition, sameParams: Bool, at time: Timestamp) {
        let earlier = (nodes: nodes, instances: instances)
        follow(next)
        var skipped: [Int: TaskInstance] = [:]
        for node in earlier.nodes {
            guard let index = nodeIndex[node.id] else { continue }
            nodes[index].filedIndices = node.filedIndices
            let known = node.slots.map { earlier.instances[$0] }
            if nodes[index].hook != nil {
                nodes[index].carried = known.isEmpty ? node.carried : known
                continue
            }
            if let items = node.items, keepsItems(of: node, at: index, sameParams: sameParams) { expand(index, items) }
            for instance in known + node.carried {
                guard let slot = place(for: instance, of: node, at: index) else { continue }
                if instance.state == .skipped, !instance.isMarked {
                    skipped[slot] = instance
                } else {
                    adopt(instance, in: slot, at: time)
                }
            }
        }
        decideSkippedAnew(skipped, at: time)
        dropDataOfRemovedTasks(earlier.nodes)
    }

    /// Items written out in the definition can't be others than before; those of a template can, with other parameters.
    private func keepsItems(of earlier: TaskNode, at index: Int, sameParams: Bool) -> Bool {
        guard let foreach = nodes[index].definition?.foreach, foreach == earlier.definition?.foreach else {
            return false
        }
        if case .template = foreach { return sameParams }
        return true
    }

    /// The slot that goes on with an earlier instance; nil when there is none, or none yet.
    private mutating func place(for instance: TaskInstance, of earlier: TaskNode, at index: Int) -> Int? {
        guard instance.id.mapIndex == nil else {
            if let slot = slot(of: instance.id) { return slot }
            if nodes[index].needsExpansion { nodes[index].carried.append(instance) }
            return nil
        }
        // Of a task that was one instance and is mapped now, only a person's decision and a skip hold for all items.
        let isForAll = earlier.isMapped || instance.isMarked || instance.state == .skipped
        return !nodes[index].isMapped || isForAll ? slot(of: instance.id) : nil
    }

    /// Skipped instances stay skipped, unless something before them is to be done.
    private mutating func decideSkippedAnew(_ skipped: [Int: TaskInstance], at time: Timestamp) {
        let reset = nodes.indices.filter { index in
            nodes[index].slots.contains { !instances[$0].state.isTerminal && skipped[$0] == nil }
        }
        let behind = nodesBehind(reset)
        for index in nodes.indices {
            for slot in nodes[index].slots {
                if let instance = skipped[slot] {
                    adopt(instance, in: slot, at: time, onlyTries: behind.contains(index))
                }
            }
            guard behind.contains(index) else { continue }
            nodes[index].carried.removeAll { $0.state == .skipped && !$0.isMarked }
        }
    }

    private func nodesBehind(_ starts: [Int]) -> Set<Int> {
        var behind: Set<Int> = []
        var queue = starts
        while let index = queue.popLast() {
            for next in nodes[index].downstream where behind.insert(next).inserted { queue.append(next) }
        }
        return behind
    }

    /// Items that were finished before the resume are not run again.
    mutating func adoptCarried(by index: Int, at time: Timestamp) {
        var carried: [JSONValue: [TaskInstance]] = [:]
        for instance in nodes[index].carried.reversed() {
            carried[instance.item ?? .null, default: []].append(instance)
        }
        nodes[index].carried = []
        guard !carried.isEmpty else { return }
        let artifacts = takeArtifacts(ofMapped: nodes[index].id)
        for slot in nodes[index].slots {
            guard let item = instances[slot].item, let earlier = carried[item]?.popLast() else { continue }
            adopt(earlier, in: slot, at: time)
            for artifact in artifacts[earlier.id] ?? [] {
                keep(artifact.moved(from: earlier.id, to: instances[slot].id))
            }
        }
    }

    /// Takes away what the instances of a mapped task left, to be kept again with those that stay.
    private mutating func takeArtifacts(ofMapped task: TaskID) -> [InstanceID: [ArtifactReference]] {
        var taken: [InstanceID: [ArtifactReference]] = [:]
        for artifact in artifacts.values where artifact.task == task {
            guard let instance = artifact.mappedInstance else { continue }
            drop(artifact.key)
            taken[instance, default: []].append(artifact)
        }
        return taken
    }

    /// Puts what an earlier instance reached into a slot of the present graph: all of it when it is kept, else its tries.
    private mutating func adopt(
        _ earlier: TaskInstance, in slot: Int, at time: Timestamp, onlyTries: Bool = false
    ) {
        adoptTries(of: earlier, in: slot)
        guard !earlier.isReset, !onlyTries else { return }
        instances[slot].maxTries = earlier.maxTries
        instances[slot].startedAt = earlier.startedAt
        instances[slot].exitCode = earlier.exitCode
        instances[slot].error = earlier.error
        instances[slot].cachedAs = earlier.cachedAs
        instances[slot].isMarked = earlier.isMarked
        instances[slot].xcoms = earlier.xcoms
        setState(of: slot, to: earlier.state, at: time)
        instances[slot].endedAt = earlier.endedAt
    }

    /// A fresh allowance of retries, while the tries go on counting. The last try token stays known: whatever still
    /// carries it has to be ended before the next try.
    mutating func adoptTries(of earlier: TaskInstance, in slot: Int) {
        instances[slot].tryNumber = earlier.tryNumber
        instances[slot].tryToken = earlier.tryToken
        instances[slot].filedIndex = earlier.filedIndex
        instances[slot].maxTries = earlier.tryNumber + (nodes[instances[slot].node].definition?.retries ?? 0) + 1
    }

    /// Also of tasks that are mapped now and were not, or the other way round: they run anew.
    private mutating func dropDataOfRemovedTasks(_ earlier: [TaskNode]) {
        let wasMapped = Dictionary(earlier.map { ($0.id, $0.isMapped) }, uniquingKeysWith: { first, _ in first })
        for (key, artifact) in artifacts {
            guard let task = artifact.task else { continue }
            let isMapped = nodeIndex[task].map { nodes[$0].isMapped }
            if isMapped == nil || isMapped != wasMapped[task] { drop(key) }
        }
    }

    // MARK: Swift workflows, and tasks recorded as they come

    private mutating func resetDynamicInstances(at time: Timestamp) {
        for slot in instances.indices where instances[slot].isReset {
            setState(of: slot, to: .pending, at: time)
            instances[slot].maxTries = instances[slot].tryNumber + 1
            instances[slot].startedAt = nil
            instances[slot].endedAt = nil
            instances[slot].exitCode = nil
            instances[slot].error = nil
            instances[slot].xcoms = [:]
        }
    }
}

extension ArtifactReference {
    /// The instance of a mapped task that left it, as its key `<task>/<map_index>/<path>` says.
    fileprivate var mappedInstance: InstanceID? {
        guard let task else { return nil }
        let parts = key.rawValue.split(separator: "/", maxSplits: 2)
        guard parts.count == 3, parts[0] == task.rawValue, let index = Int(parts[1]), parts[1] == "\(index)" else {
            return nil
        }
        return InstanceID(task, mapIndex: index)
    }

    fileprivate func moved(from earlier: InstanceID, to instance: InstanceID) -> ArtifactReference {
        var moved = self
        let path = key.rawValue.dropFirst(earlier.artifactFolder.count)
        moved.key = ArtifactKey(unchecked: instance.artifactFolder + path)
        return moved
    }
}

extension InstanceID {
    /// What the keys of a mapped instance's artifacts begin with.
    fileprivate var artifactFolder: String { "\(task)/\(mapIndex ?? 0)/" }
}

extension TaskInstance {
    /// Whether a resume does it again.
    fileprivate var isReset: Bool { state != .success && state != .skipped }
}
