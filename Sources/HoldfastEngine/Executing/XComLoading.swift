import Holdfast

/// An XCom as the fold knows it: small values are there, larger ones are read from their event when they are needed.
struct XComSource: Sendable {
    struct Entry: Sendable {
        let instance: InstanceID
        let xcom: XCom
    }

    let entries: [Entry]
    /// Whether the value is the array of what the instances of a mapped task left.
    let isMapped: Bool
}

extension RunFold {
    /// Nil when the task left no such XCom.
    func xcomSource(of reference: XComReference) -> XComSource? {
        guard let node = node(reference.task) else { return nil }
        let entries = node.slots.compactMap { slot in
            instances[slot].xcoms[reference.key].map { XComSource.Entry(instance: instances[slot].id, xcom: $0) }
        }
        let isMapped = node.isMapped && node.items != nil
        return entries.isEmpty && !isMapped ? nil : XComSource(entries: entries, isMapped: isMapped)
    }

    /// The keys of all XComs that a task left. A mapped task without items left an empty array of return values.
    func xcomKeys(of task: TaskID) -> Set<String> {
        guard let node = node(task) else { return [] }
        if node.items?.isEmpty == true { return [TaskOutputs.returnValue] }
        return Set(node.slots.flatMap { instances[$0].xcoms.keys })
    }
}

extension Store {
    /// The value of an XCom, whatever its size; null when there is none.
    func loadXCom(_ reference: XComReference, _ fold: RunFold) async throws(StoreError) -> JSONValue {
        guard let source = fold.xcomSource(of: reference) else { return .null }
        return try await value(of: source, key: reference.key, run: fold.id)
    }

    func value(of source: XComSource, key: String, run: RunID) async throws(StoreError) -> JSONValue {
        var values: [JSONValue] = []
        for entry in source.entries {
            if let value = entry.xcom.value {
                values.append(value)
            } else {
                let source = InstanceID(entry.instance.task, mapIndex: entry.xcom.mapIndex)
                values.append(try await xcom(key, of: source, run: run, sequence: entry.xcom.sequence))
            }
        }
        return source.isMapped ? .array(values) : values.first ?? .null
    }
}
