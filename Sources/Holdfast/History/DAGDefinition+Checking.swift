extension DAGDefinition {
    /// What would keep the fold from following the graph: a name used twice, a need for what is no task, a cycle. Nil for
    /// what came from a checked file; the fold looks again, since events come from elsewhere too.
    package var flaw: String? {
        var names = Set(hooks.keys.map(\.taskID))
        if let twice = tasks.first(where: { !names.insert($0.id).inserted }) {
            return "task \(twice.id) is defined twice, or has the name of a hook"
        }
        var remaining: [TaskID: Int] = [:]
        var dependants: [TaskID: [TaskID]] = [:]
        for task in tasks { remaining[task.id] = task.needs.count }
        for task in tasks {
            for need in task.needs {
                guard remaining[need] != nil else { return "task \(task.id) needs \(need), which is no task" }
                dependants[need, default: []].append(task.id)
            }
        }
        return cycle(remaining, dependants)
    }

    private func cycle(_ remaining: [TaskID: Int], _ dependants: [TaskID: [TaskID]]) -> String? {
        var remaining = remaining
        var free = tasks.map(\.id).filter { remaining[$0] == 0 }
        while let task = free.popLast() {
            remaining[task] = nil
            for dependant in dependants[task, default: []] {
                remaining[dependant, default: 0] -= 1
                if remaining[dependant] == 0 { free.append(dependant) }
            }
        }
        guard let stuck = tasks.first(where: { remaining[$0.id] != nil }) else { return nil }
        return "task \(stuck.id) is part of a cycle, or behind one"
    }
}
