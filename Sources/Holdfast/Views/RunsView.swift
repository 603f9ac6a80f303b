/// The runs of a store.
public struct RunsView: Sendable {
    let views: Views
    var store: any Store { views.store }

    init(_ views: Views) { self.views = views }
}

// MARK: - Creating

extension RunsView {
    /// Creates a queued run.
    /// - Parameter id: nil for a new one.
    /// - Throws: `alreadyExists`.
    @discardableResult
    public func create(_ created: RunCreated, id: RunID? = nil) async throws(StoreError) -> Summary {
        try await views.addRun(id ?? views.ids.runID(), .created(created)).initialSummary
    }

    /// Creates a queued run without a graph, whose tasks are recorded as they come.
    /// - Parameters:
    ///   - logicalDate: nil for now.
    ///   - id: nil for a new one.
    /// - Throws: `alreadyExists`.
    @discardableResult
    public func create(
        _ dag: DAGID, params: [String: JSONValue] = [:], labels: [String: String] = [:], trigger: String = "manual",
        logicalDate: Timestamp? = nil, workspace: WorkspaceID? = nil, parent: RunID? = nil,
        metadata: [String: JSONValue] = [:], id: RunID? = nil
    ) async throws(StoreError) -> Summary {
        try await create(
            RunCreated(
                dag: dag, params: params, labels: labels, trigger: trigger,
                logicalDate: logicalDate ?? views.clock.now(), workspace: workspace, parent: parent, metadata: metadata),
            id: id)
    }

    /// Creates a queued run of a definition.
    /// - Parameters:
    ///   - params: over the definition's defaults.
    ///   - logicalDate: nil for now.
    ///   - workingDirectory: absolute.
    ///   - id: nil for a new one.
    /// - Throws: `alreadyExists`; `invalid` for an unknown or a missing parameter.
    @discardableResult
    public func create(
        from definition: DAGDefinition, params: [String: JSONValue] = [:], labels: [String: String] = [:],
        trigger: String = "manual", logicalDate: Timestamp? = nil, workspace: WorkspaceID? = nil, parent: RunID? = nil,
        workingDirectory: String? = nil, metadata: [String: JSONValue] = [:], id: RunID? = nil
    ) async throws(StoreError) -> Summary {
        try await create(
            RunCreated(
                dag: definition.name, definition: definition, params: try definition.completed(params), labels: labels,
                trigger: trigger, logicalDate: logicalDate ?? views.clock.now(), workspace: workspace, parent: parent,
                workingDirectory: workingDirectory, metadata: metadata),
            id: id)
    }
}

extension Views {
    /// Creates a run and applies the limits to its DAG: what all that adds runs goes through, but for imports.
    /// - Parameter first: `created` or `restored`.
    /// - Throws: as `Store.createRun`.
    package func addRun(_ id: RunID, _ first: EventPayload) async throws(StoreError) -> RunFold {
        let limits = RetentionSettings.recordName
        let (fold, receipt) = try await store.createRun(id, first, at: clock.now(), reading: [limits])
        if let dag = fold.created?.dag { await retention.afterAdding(.run, of: dag, receipt) }
        return fold
    }
}

extension DAGDefinition {
    /// Given parameters with the defaults of the others.
    func completed(_ given: [String: JSONValue]) throws(StoreError) -> [String: JSONValue] {
        func invalid(_ name: String, _ detail: String) -> StoreError {
            StoreError(.invalid, subject: "parameter \(quoted(name))", detail: detail)
        }
        if let stranger = given.keys.sorted().first(where: { params[$0] == nil }) {
            throw invalid(stranger, "DAG \(self.name) has no such parameter")
        }
        let values = params.merging(given) { _, new in new }
        if let missing = values.keys.sorted().first(where: { values[$0] == .null && params[$0] == .null }) {
            throw invalid(missing, "it is required")
        }
        return values
    }
}

// MARK: - Reading

extension RunsView {
    /// The summary of a run.
    /// - Throws: `notFound`.
    public func get(_ run: RunID) async throws(StoreError) -> Summary { try await store.summary(of: .run(run)) }

    /// The run of this id, else the only one whose id begins so.
    /// - Throws: `notFound`, with a similar id among the newest runs if there is one; `invalid` when several ids begin so,
    ///   naming up to five, and for a text that is no id.
    public func find(_ prefix: String) async throws(StoreError) -> Summary {
        try await store.findSummary(.run, try RunID(prefix).rawValue)
    }

    /// Runs, a page at a time; the query's kind is taken to be runs.
    /// - Throws: `invalid`, `invalidCursor`.
    public func list(_ query: SummaryQuery = SummaryQuery()) async throws(StoreError) -> Page<Summary> {
        var query = query
        query.kind = .run
        return try await store.summaries(query)
    }

    /// Summary and fold of a run, as of one moment.
    /// - Throws: `notFound`; what folding throws when the history is damaged.
    public func detail(_ run: RunID) async throws(StoreError) -> RunDetail {
        var fold = RunFold(id: run)
        var summary = try await get(run)
        try await store.catchUp(&fold)
        // A worker that came in between would be missing from the summary, and its run look interrupted.
        for _ in 0..<3 where fold.token != summary.lease?.token {
            summary = try await get(run)
            try await store.catchUp(&fold)
        }
        return RunDetail(summary: summary, fold: fold)
    }
}
