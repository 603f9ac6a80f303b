import BitCollections
public import Holdfast

/// Decides what a pipeline run needs next. Pure: the same fold and context give the same decision, and the cost goes by
/// what is ready, running or due, not by the size of the run.
public struct Decider: Sendable {
    private let fold: RunFold
    private let context: DecisionContext
    private let rules: PipelineRules
    private var decision = Decision()
    private var freeSlots: Int

    public static func decide(_ fold: RunFold, rules: PipelineRules, context: DecisionContext) -> Decision {
        var decider = Decider(fold, rules: rules, context: context)
        decider.decide()
        return decider.decision
    }

    private init(_ fold: RunFold, rules: PipelineRules, context: DecisionContext) {
        self.fold = fold
        self.rules = rules
        self.context = context
        freeSlots = (fold.definition?.maxParallel ?? context.defaultParallel) - fold.running.count
    }

    private mutating func decide() {
        if context.isCancelling || fold.cancelRequestedAt != nil {
            windDown(to: .cancelled, reason: fold.cancelReason)
        } else if let deadline, deadline <= context.now {
            windDown(to: .failed, reason: "the run's timeout of \(timeoutText) has passed")
        } else {
            carryOutMarks()
            retryWhatIsDue()
            decideReadyTasks()
            wake(at: deadline)
            if fold.openNodes == 0, decision.events.isEmpty { finish() }
        }
    }

    private var deadline: Timestamp? {
        guard let timeout = fold.definition?.timeout, let startedAt = rules.activeSince ?? fold.startedAt else {
            return nil
        }
        return startedAt + timeout
    }

    private var timeoutText: String { fold.definition?.timeout?.pipelineText ?? "" }

    private mutating func wake(at time: Timestamp?) {
        guard let time else { return }
        decision.wakeAt = min(decision.wakeAt ?? time, time)
    }

    // MARK: The usual course

    private mutating func carryOutMarks() {
        for mark in fold.requestedMarks {
            // Anyone may ask for anything; what isn't there can't be marked.
            guard let instance = fold.instance(mark.instance) else { continue }
            if instance.state == .running {
                decision.stops.insert(mark.instance)
            } else {
                decision.events.append(.taskMarked(mark))
            }
        }
    }

    private mutating func retryWhatIsDue() {
        for retry in fold.retries {
            guard retry.at <= context.now else { return wake(at: retry.at) }
            guard freeSlots > 0 else { return }
            start(fold.instances[retry.slot].id)
        }
    }

    private mutating func start(_ id: InstanceID) {
        decision.starts.append(id)
        freeSlots -= 1
    }

    private mutating func decideReadyTasks() {
        for index in fold.ready {
            guard freeSlots > 0 else { return }
            switch fold.judge(index) {
            case .run: decideRunnable(index)
            case .skip: settle(index, as: .skipped, reason: reasonToSkip(index))
            case .upstreamFailed: settle(index, as: .upstreamFailed, reason: "a task it needs failed")
            case nil: break
            }
        }
    }

    private func reasonToSkip(_ index: Int) -> String {
        switch fold.nodes[index].definition?.trigger {
        case .oneFailed: "no task it needs failed"
        case .oneSuccess: "no task it needs succeeded"
        default: "skipped with a task it needs"
        }
    }

    /// Ends all pending instances of a task without a try.
    private mutating func settle(_ index: Int, as state: TaskState, reason: String) {
        let node = fold.nodes[index]
        for offset in node.pending {
            let id = fold.instances[node.slots[offset]].id
            decision.events.append(.taskDecided(TaskDecided(instance: id, state: state, reason: reason)))
        }
    }

    private mutating func decideRunnable(_ index: Int) {
        let node = fold.nodes[index]
        let templates = rules.templates(of: node.id)
        do throws(TemplateError) {
            // A condition on the item is asked for each instance, any other once, before the items are known.
            if node.items == nil, !templates.asksEachItem {
                guard try templates.isWanted(in: templateContext(item: nil)) else {
                    return settle(index, as: .skipped, reason: "when is false")
                }
            }
            if node.needsExpansion, let items = try templates.items(in: templateContext(item: nil)) {
                decision.events.append(.taskExpanded(task: node.id, items: items))
            } else {
                startPending(of: node, templates)
            }
        } catch {
            giveUp(index, error)
        }
    }

    private mutating func startPending(of node: TaskNode, _ templates: TaskTemplates) {
        let asks = templates.asksEachItem
        for offset in node.pending {
            guard freeSlots > 0 else { return }
            let instance = fold.instances[node.slots[offset]]
            do throws(TemplateError) {
                if asks, try !templates.isWanted(in: templateContext(item: instance.item)) {
                    decide(instance.id, .skipped, "when is false")
                } else {
                    start(instance.id)
                }
            } catch .notLoaded(let references) {
                decision.loads.formUnion(references)
            } catch {
                decide(instance.id, .failed, error.description)
            }
        }
    }

    private mutating func decide(_ id: InstanceID, _ state: TaskState, _ reason: String) {
        decision.events.append(.taskDecided(TaskDecided(instance: id, state: state, reason: reason)))
    }

    private mutating func giveUp(_ index: Int, _ error: TemplateError) {
        if case .notLoaded(let references) = error {
            decision.loads.formUnion(references)
        } else {
            settle(index, as: .failed, reason: error.description)
        }
    }

    private func templateContext(item: JSONValue?) -> TemplateContext {
        TemplateContext(fold, item: item, loaded: context.loaded)
    }

    // MARK: The end

    private mutating func finish() {
        let outcome = fold.outcome
        guard fold.running.isEmpty || isHookRunning else { return }
        if runHook(outcome == .success ? .onSuccess : .onFailure), runHook(.onExit) {
            decision.end = Decision.End(state: outcome, reason: outcome == .failed ? fold.firstFailure : nil)
        }
    }

    private var isHookRunning: Bool {
        fold.running.allSatisfy { fold.node(fold.instances[$0].id.task)?.hook != nil }
    }

    /// Starts a hook once nothing else runs; true when there is none or it has ended.
    private mutating func runHook(_ hook: Hook) -> Bool {
        guard let node = fold.node(hook.taskID) else { return true }
        guard let slot = node.slots.first else {
            if fold.running.isEmpty { decision.starts.append(InstanceID(hook.taskID)) }
            return false
        }
        return fold.instances[slot].state.isTerminal
    }

    /// Ends what runs, then lets the hooks have their turn; what was not started stays undone.
    private mutating func windDown(to state: RunState, reason: String?) {
        for slot in fold.running where !isLastHook(fold.instances[slot].id) {
            decision.stops.insert(fold.instances[slot].id)
        }
        for retry in fold.retries where isLastHook(fold.instances[retry.slot].id) {
            if retry.at <= context.now { start(fold.instances[retry.slot].id) } else { wake(at: retry.at) }
        }
        guard decision.stops.isEmpty, decision.starts.isEmpty else { return }
        if state == .failed, !runHook(.onFailure) { return }
        if runHook(.onExit) { decision.end = Decision.End(state: state, reason: reason) }
    }

    /// `on_exit` still runs when a run is cancelled, and `on_failure` too when its time has run out.
    private func isLastHook(_ id: InstanceID) -> Bool {
        id.task == Hook.onExit.taskID || id.task == Hook.onFailure.taskID && fold.cancelRequestedAt == nil
    }
}
