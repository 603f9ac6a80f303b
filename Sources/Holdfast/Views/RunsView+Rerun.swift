extension RunsView {
    /// Creates a queued run of what another ran, with its parameters, labels and logical date; the other is its parent.
    ///
    /// With `task`, the new run begins with what the other has reached, except for that task and what depends on it:
    /// successful instances, with their XComs and artifacts, are taken over. In a run without a definition, what was
    /// recorded first after the task counts as depending on it.
    /// - Parameters:
    ///   - params: in place of those of the other run.
    ///   - id: nil for a new one.
    /// - Throws: `notFound` for the run or the task, with a similar task if there is one; `alreadyExists`; `invalid` for an
    ///   unknown or a missing parameter.
    @discardableResult
    public func rerun(
        _ run: RunID, from task: TaskID? = nil, params: [String: JSONValue] = [:], id: RunID? = nil
    ) async throws(StoreError) -> Summary {
        let fold = try await store.fold(run)
        guard var created = fold.created else { throw StoreError(.notFound, subject: "run \(run)") }
        created.definition = fold.definition
        created.params = try fold.params(changedBy: params)
        created.trigger = "rerun"
        created.parent = run
        created.metadata = [:]
        guard let task else { return try await create(created, id: id) }
        let first = EventPayload.restored(try await snapshot(of: fold, before: task, as: created))
        return try await views.addRun(id ?? views.ids.runID(), first).initialSummary
    }

    private func snapshot(
        of fold: RunFold, before task: TaskID, as created: RunCreated
    ) async throws(StoreError) -> RunSnapshot {
        let kept = try fold.nodes(notBehind: task)
        var snapshot = RunSnapshot(origin: .copied, created: created)
        for node in kept {
            snapshot.items[node.id] = node.items
            for slot in node.slots where fold.instances[slot].state == .success {
                let instance = fold.instances[slot]
                snapshot.instances.append(RunSnapshot.Instance(instance))
                snapshot.xcoms += try await xcoms(of: instance, run: fold.id)
            }
        }
        let tasks = Set(snapshot.instances.map(\.id.task))
        snapshot.artifacts = fold.artifacts.values.filter { $0.task.map(tasks.contains) ?? true }
            .sorted { $0.key < $1.key }
        return snapshot
    }

    private func xcoms(of instance: TaskInstance, run: RunID) async throws(StoreError) -> [RunSnapshot.XCom] {
        var copies: [RunSnapshot.XCom] = []
        for entry in XComEntry.list(instance.xcoms, of: instance.id, run) {
            copies.append(
                RunSnapshot.XCom(
                    instance: entry.instance, key: entry.key, value: try await views.xcoms.value(of: entry),
                    createdAt: entry.createdAt))
        }
        return copies
    }
}

extension RunFold {
    fileprivate func params(changedBy changes: [String: JSONValue]) throws(StoreError) -> [String: JSONValue] {
        guard let definition else { return params.merging(changes) { _, new in new } }
        let known = params.filter { definition.params[$0.key] != nil }
        return try definition.completed(known.merging(changes) { _, new in new })
    }

    /// Everything but a task, what depends on it, and hooks.
    fileprivate func nodes(notBehind task: TaskID) throws(StoreError) -> [TaskNode] {
        guard let start = nodeIndex[task], nodes[start].hook == nil else {
            let names = nodes.filter { $0.hook == nil }.map(\.id.rawValue)
            throw StoreError(
                .notFound, subject: "task \(task) of run \(id)",
                detail: Spelling.nearest(to: task.rawValue, in: names).map { "did you mean \($0)?" })
        }
        guard definition != nil else { return Array(nodes[..<start]) }
        var behind: Set<Int> = []
        var open = [start]
        while let index = open.popLast() {
            guard behind.insert(index).inserted else { continue }
            open += nodes[index].downstream
        }
        return nodes.indices.filter { !behind.contains($0) && nodes[$0].hook == nil }.map { nodes[$0] }
    }
}

extension RunSnapshot.Instance {
    fileprivate init(_ instance: TaskInstance) {
        self.init(
            instance.id, state: instance.state, tryNumber: instance.tryNumber, exitCode: instance.exitCode,
            startedAt: instance.startedAt, endedAt: instance.endedAt, error: instance.error)
    }
}
