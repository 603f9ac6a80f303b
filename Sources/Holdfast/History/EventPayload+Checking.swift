extension EventPayload {
    /// Refuses values that could not be read again: numbers that are not finite, and what is nested too deeply.
    /// - Throws: `invalid`.
    package func checkValues() throws(StoreError) {
        for value in values {
            guard let problem = value.problem else { continue }
            throw StoreError(.invalid, subject: "a value of event \(type)", detail: problem)
        }
        if let problem = processFields.flatMap({ ProcessFields.problem(in: $0) }) {
            throw StoreError(.invalid, subject: "event \(type)", detail: problem)
        }
    }

    private var values: [JSONValue] {
        switch self {
        case .created(let created): created.values
        case .restored(let snapshot):
            snapshot.created.values + snapshot.items.values.flatMap { $0 } + snapshot.xcoms.map(\.value)
                + snapshot.artifacts.flatMap { Array($0.metadata.values) }
        case .resumed(let resumed): Array(resumed.params.values) + (resumed.definition?.values ?? [])
        case .taskExpanded(_, let items): items
        case .taskFinished(let finished):
            Array(finished.xcoms.values) + finished.artifacts.flatMap { Array($0.metadata.values) }
        case .stepCompleted(let step): [step.value]
        case .xcomSet(_, _, let value), .signalled(_, let value): [value]
        case .artifactSaved(let artifact): Array(artifact.metadata.values)
        case .metadataChanged(let changes): Array(changes.values)
        case .turnAppended(let appended): Array(appended.turn.members.values)
        case .processUpdated(let fields): Array(fields.values)
        case .processAdded(let added):
            Array(added.record.fields.values.values)
                + added.record.conversationTurns.flatMap { Array($0.members.values) }
        default: []
        }
    }
}

extension EventPayload {
    private var processFields: [ProcessField: JSONValue]? {
        switch self {
        case .processUpdated(let fields): fields
        case .processAdded(let added): added.record.fields.values
        default: nil
        }
    }
}

extension RunCreated {
    fileprivate var values: [JSONValue] {
        Array(params.values) + Array(metadata.values) + (definition?.values ?? [])
    }
}

extension DAGDefinition {
    fileprivate var values: [JSONValue] {
        Array(params.values) + (tasks + Array(hooks.values)).flatMap(\.values)
    }
}

extension TaskDefinition {
    fileprivate var values: [JSONValue] {
        guard case .items(let items) = foreach else { return [.double(retryBackoff)] }
        return items + [.double(retryBackoff)]
    }
}
