/// The task instances of runs, as their histories tell them.
public struct TasksView: Sendable {
    let views: Views
    var store: any Store { views.store }

    init(_ views: Views) { self.views = views }
}

/// A task instance with the run it belongs to.
public struct TaskEntry: Sendable, Hashable {
    public let run: RunID
    public let dag: DAGID
    public let instance: TaskInstance

    /// Task JSON with `run_id` and `dag_id`.
    public var outputJSON: JSONValue {
        var members = instance.outputMembers
        members["run_id"] = .string(run.rawValue)
        members["dag_id"] = .string(dag.rawValue)
        return .object(members)
    }
}

// MARK: - One run

extension TasksView {
    /// The instances of a run, in the order of its definition and of their map index.
    /// - Parameter states: empty for all.
    /// - Throws: `notFound`.
    public func list(_ run: RunID, states: Set<TaskState> = []) async throws(StoreError) -> [TaskInstance] {
        try await store.fold(run).currentInstances.filter { states.isEmpty || states.contains($0.state) }
    }

    /// - Throws: `notFound`, with a similar task if there is one.
    public func get(_ run: RunID, _ instance: InstanceID) async throws(StoreError) -> TaskInstance {
        let fold = try await store.fold(run)
        if let found = fold.instance(instance) { return found }
        let near = Spelling.nearest(to: instance.task.rawValue, in: fold.nodes.map(\.id.rawValue))
        throw StoreError(
            .notFound, subject: "task \(instance) of run \(run)",
            detail: near.flatMap { $0 == instance.task.rawValue ? nil : "did you mean \($0)?" })
    }

    /// Changes the state of an instance by the event that belongs to it; a queued run starts with its first task. The state
    /// that the instance has already changes nothing.
    ///
    /// In a run without a definition, tasks come to be by being named.
    /// - Parameters:
    ///   - error: why it came to this; like `exitCode` and `xcoms`, part of the end of a try.
    ///   - xcoms: what the try leaves, with its end.
    /// - Throws: `illegalTransition` for a state that can't follow, an unknown task, a run that is not running; `leaseHeld`
    ///   while another worker holds the run; `notFound`; `invalid` and `tooLarge` for XComs.
    @discardableResult
    public func setState(
        _ run: RunID, _ instance: InstanceID, to state: TaskState, exitCode: Int? = nil, error: String? = nil,
        xcoms: [String: JSONValue] = [:]
    ) async throws(StoreError) -> TaskInstance {
        for (key, value) in xcoms {
            try XComsView.check(key)
            try XComsView.check(value, of: instance, key: key)
        }
        let token = views.ids.token()
        let fold = try await RunWriter.write(run, views) { fold throws(StoreError) in
            guard fold.instance(instance)?.state != state else { return [] }
            let outcome = TaskFinished(
                instance: instance, tryNumber: 1, state: state, exitCode: exitCode, error: error, xcoms: xcoms)
            let start: [EventPayload] = fold.state == .queued ? [.started] : []
            return start + [fold.event(of: outcome, tryToken: token)]
        }
        guard let changed = fold.instance(instance) else {
            throw StoreError(.notFound, subject: "task \(instance) of run \(run)")
        }
        return changed
    }

    /// Gives a mapped task its items: one pending instance each.
    /// - Throws: `illegalTransition` unless the run is running and the task's items are unknown still; `leaseHeld`; `notFound`.
    public func expand(_ run: RunID, _ task: TaskID, items: [JSONValue]) async throws(StoreError) {
        try await RunWriter.write(run, views) { fold throws(StoreError) in
            (fold.state == .queued ? [.started] : []) + [.taskExpanded(task: task, items: items)]
        }
    }
}

extension RunFold {
    /// The own event that brings an instance into a state. What can't be is left to the fold to refuse.
    fileprivate func event(of outcome: TaskFinished, tryToken: String) -> EventPayload {
        let known = instance(outcome.instance)
        let lastTry = known?.tryNumber ?? node(outcome.instance.task)?.lastTry ?? 0
        if outcome.state == .running {
            return .taskStarted(
                TaskStarted(instance: outcome.instance, tryNumber: lastTry + 1, tryToken: tryToken))
        }
        let isStep = node(outcome.instance.task)?.definition == nil && definition == nil
        let endsStep = isStep && (outcome.state == .success || outcome.state == .failed)
        guard known?.state == .running || endsStep else {
            return .taskDecided(
                TaskDecided(instance: outcome.instance, state: outcome.state, reason: outcome.error))
        }
        var finished = outcome
        finished.tryNumber = max(1, lastTry)
        return .taskFinished(finished)
    }
}
