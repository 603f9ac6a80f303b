import Holdfast

extension TemplateContext {
    /// What templates of a task see in a run's present state.
    /// - Parameter loaded: values too large to be in the fold.
    init(_ fold: RunFold, item: JSONValue?, tryNumber: Int = 1, loaded: [XComReference: JSONValue]) {
        self.init(
            params: fold.params, runID: fold.id, logicalDate: fold.created?.logicalDate, tryNumber: tryNumber,
            item: item
        ) { task, key in
            fold.lookUp(XComReference(task: task, key: key), loaded: loaded)
        }
    }
}

extension RunFold {
    func lookUp(_ reference: XComReference, loaded: [XComReference: JSONValue]) -> TemplateContext.XComLookup {
        if let value = loaded[reference] { return .value(value) }
        guard let node = node(reference.task) else { return .missing }
        let entries = node.slots.map { instances[$0].xcoms[reference.key] }
        guard node.isMapped, node.items != nil else {
            guard let entry = entries.first, let entry else { return .missing }
            return entry.value.map { .value($0) } ?? .notLoaded
        }
        var values: [JSONValue] = []
        for case let entry? in entries {
            guard let value = entry.value else { return .notLoaded }
            values.append(value)
        }
        return .value(.array(values))
    }

    /// A sentence on the first task, in the definition's order, that failed the run.
    var firstFailure: String? {
        for node in nodes where node.hook == nil && node.definition?.allowFailure != true {
            for slot in node.slots where instances[slot].state == .failed {
                let instance = instances[slot]
                return "task \(instance.id) failed" + (instance.error.map { ": \($0)" } ?? "")
            }
        }
        return failures > 0 ? "a task could not run because one it needs failed" : nil
    }
}
