import BitCollections
import Holdfast
import HoldfastTesting

extension SeededGenerator {
    private static let names: [TaskID] = ["a", "b", "c", "d", "e", "f", "g"]

    /// A graph over some of seven names, with everything a task can have.
    mutating func graph() -> DAGDefinition {
        let names = Self.names.shuffled(using: &self).prefix(1 + below(7))
        var tasks: [TaskDefinition] = []
        for name in names {
            let needs = tasks.map(\.id).filter { _ in once(in: 3) }
            tasks.append(node(name, needs: needs))
        }
        var hooks: [Hook: TaskDefinition] = [:]
        for hook in Hook.allCases where once(in: 3) { hooks[hook] = task(hook.taskID, retries: below(2)) }
        return DAGDefinition(name: "d", tasks: tasks.shuffled(using: &self), hooks: hooks)
    }

    private mutating func node(_ name: TaskID, needs: [TaskID]) -> TaskDefinition {
        let foreach: TaskDefinition.Foreach? =
            switch below(5) {
            case 0: .items(items())
            case 1: .template("{{ params.x }}")
            default: nil
            }
        return task(
            name, needs: needs, pick(Trigger.allCases), foreach: foreach, retries: below(3), allowFailure: once(in: 4))
    }

    mutating func items() -> [JSONValue] { list(upTo: 4) { .int(Int64($0.below(4))) } }

    /// A graph with some tasks changed, new, or gone.
    mutating func mended(_ definition: DAGDefinition) -> DAGDefinition {
        if once(in: 3) { return graph() }
        var next = definition
        for index in next.tasks.indices where once(in: 3) {
            next.tasks[index] = node(next.tasks[index].id, needs: next.tasks[index].needs)
        }
        if once(in: 3), let last = next.tasks.indices.last {
            let gone = next.tasks.remove(at: below(last + 1)).id
            for index in next.tasks.indices { next.tasks[index].needs.removeAll { $0 == gone } }
        }
        return next
    }

    // MARK: Events

    /// Something an executor might well do next.
    mutating func likelyEvent(_ fold: RunFold) -> EventPayload {
        if fold.state == .queued { return once(in: 9) ? .finished(state: .cancelled, reason: nil) : .started }
        if !fold.state.isActive { return .resumed(resumption(of: fold)) }
        if once(in: 25) { return once(in: 2) ? .interrupted(reason: "x") : .finished(state: .cancelled, reason: nil) }
        if let slot = fold.running.randomElement(using: &self), once(in: 2) {
            return .taskFinished(end(of: fold.instances[slot]))
        }
        if let retry = fold.retries.randomElement(using: &self), once(in: 2) {
            return start(fold.instances[retry.slot], fold)
        }
        if let index = fold.ready.randomElement(using: &self) { return decision(fold.nodes[index], fold) }
        if fold.openNodes == 0 {
            let waiting = fold.nodes.first { $0.hook != nil && $0.slots.isEmpty }
            if let waiting, once(in: 2) { return start(InstanceID(waiting.id), tryNumber: (waiting.lastTry ?? 0) + 1) }
            return .finished(state: fold.outcome, reason: nil)
        }
        return unlikelyEvent(fold)
    }

    private mutating func resumption(of fold: RunFold) -> Resumed {
        Resumed(
            definition: once(in: 3) ? fold.definition.map { mended($0) } : nil,
            params: once(in: 4) ? ["x": .int(Int64(below(3)))] : [:],
            inFlight: fold.running.map { fold.instances[$0].id })
    }

    private mutating func end(of instance: TaskInstance) -> TaskFinished {
        let mayRetry = instance.tryNumber < instance.maxTries
        let state: TaskState = pick(
            mayRetry ? [.success, .success, .upForRetry, .cancelled] : [.success, .success, .failed])
        return TaskFinished(
            instance: instance.id, tryNumber: instance.tryNumber, state: state, exitCode: below(3),
            retryAt: maybe { $0.timestamp() }, xcoms: once(in: 2) ? ["return_value": json(depth: 1)] : [:],
            artifacts: once(in: 3) ? [leftArtifact(instance)] : [])
    }

    private mutating func leftArtifact(_ instance: TaskInstance) -> ArtifactReference {
        artifact("\(instance.id.task)/\(pick(["x", "y", "x/z"]))", task: instance.id.task)
    }

    private func start(_ id: InstanceID, tryNumber: Int) -> EventPayload {
        .taskStarted(TaskStarted(instance: id, tryNumber: tryNumber, tryToken: "t\(tryNumber)"))
    }

    private func start(_ instance: TaskInstance, _ fold: RunFold) -> EventPayload {
        start(instance.id, tryNumber: instance.tryNumber + 1)
    }

    private mutating func decision(_ node: TaskNode, _ fold: RunFold) -> EventPayload {
        let offset = node.pending.randomElement(using: &self) ?? 0
        let instance = fold.instances[node.slots[offset]]
        switch fold.nodeIndex[node.id].flatMap(fold.judge) {
        case .skip: return .taskDecided(TaskDecided(instance: instance.id, state: .skipped))
        case .upstreamFailed: return .taskDecided(TaskDecided(instance: instance.id, state: .upstreamFailed))
        case .run where once(in: 8):
            return .taskDecided(TaskDecided(instance: instance.id, state: .skipped, reason: "when"))
        case .run where node.needsExpansion:
            if case .items(let items) = node.definition?.foreach { return .taskExpanded(task: node.id, items: items) }
            return .taskExpanded(task: node.id, items: items())
        case .run, nil: return start(instance, fold)
        }
    }

    /// Anything at all about the run's own tasks, right or wrong.
    mutating func unlikelyEvent(_ fold: RunFold) -> EventPayload {
        let names = fold.nodes.map(\.id) + Self.names
        let id = InstanceID(pick(names), mapIndex: once(in: 3) ? below(4) - 1 : nil)
        let decided = TaskDecided(instance: id, state: pick(TaskState.allCases))
        switch below(16) {
        case 0: return .taskMarked(TaskDecided(instance: id, state: once(in: 2) ? .success : .skipped))
        case 1: return .taskDecided(decided)
        case 2: return .markRequested(decided)
        case 3: return .cancelRequested(reason: nil)
        case 4: return start(id, tryNumber: below(4))
        case 5: return .taskFinished(TaskFinished(instance: id, tryNumber: below(4), state: decided.state))
        case 6: return .taskExpanded(task: id.task, items: items())
        case 7: return .stepCompleted(StepCompleted(task: id.task, tryNumber: 1 + below(2), value: json(depth: 1)))
        case 8: return .xcomSet(instance: id, key: pick(["k", "return_value"]), value: json(depth: 1))
        case 9: return .xcomDeleted(instance: id, key: "k")
        case 10: return .artifactSaved(artifact(pick(["a", "a/x", "a/x/z", "b", "c/x"]), task: maybe { _ in id.task }))
        case 11: return .artifactDeleted(ArtifactKey(unchecked: pick(["a", "a/x", "b"])))
        case 12: return once(in: 2) ? .pinned(true) : .metadataChanged(["k": .null])
        case 13: return .finished(state: pick(RunState.allCases), reason: nil)
        case 14: return .resumed(resumption(of: fold))
        default: return once(in: 2) ? .started : .interrupted(reason: "")
        }
    }
}
