public import Holdfast

extension SQLiteStore {
    public func counts(_ query: CountQuery) async throws(StoreError) -> [Count] {
        let now = options.clock.now()
        return try read { [tenant, liveness] connection throws(SQLiteFailure) in
            let snapshot = try liveness.snapshot(connection, at: now)
            return try Counting(connection: connection, tenant: tenant, liveness: snapshot).counts(query)
        }
    }
}

/// Reads the kept counts, and moves the runs of dead workers to `interrupted`.
struct Counting {
    let connection: ReadConnection
    let tenant: Int64
    let liveness: LivenessSnapshot

    func counts(_ query: CountQuery) throws(SQLiteFailure) -> [Count] {
        var counts = try kept(query)
        for holder in [nil] + liveness.dead.sorted().map(Optional.some) {
            for (group, number) in try active(of: holder, query) {
                counts[group, default: 0] -= number
                counts[Group(dag: group.dag, workspace: group.workspace, state: .interrupted), default: 0] += number
            }
        }
        return counts.compactMap { group, number in
            guard number > 0, query.states.isEmpty || query.states.contains(group.state) else { return nil }
            return Count(dag: group.dag, workspace: group.workspace, state: group.state, count: number)
        }
    }

    private struct Group: Hashable {
        var dag: DAGID
        var workspace: WorkspaceID?
        var state: RunState
    }

    private func kept(_ query: CountQuery) throws(SQLiteFailure) -> [Group: Int] {
        let statement: SQLStatement
        if let dag = query.dag {
            statement = try connection.prepared(
                "SELECT dag, workspace, state, count FROM tally WHERE tenant = ?1 AND kind = ?2 AND dag = ?3")
            statement.bind(tenant, query.kind.code, dag.rawValue)
        } else {
            statement = try connection.prepared(
                "SELECT dag, workspace, state, count FROM tally WHERE tenant = ?1 AND kind = ?2")
            statement.bind(tenant, query.kind.code)
        }
        return try groups(statement, query)
    }

    /// What is active without a live worker: of one dead holder, or of none.
    private func active(of holder: Int64?, _ query: CountQuery) throws(SQLiteFailure) -> [Group: Int] {
        let statement = try connection.prepared(
            """
            SELECT dag, coalesce(workspace, ''), state, 1 FROM history INDEXED BY history_active_created
            WHERE tenant = ?1 AND kind = ?2 AND holder IS ?3 AND state IN ('running', 'waiting')
            """)
        statement.bind(tenant, query.kind.code, holder)
        return try groups(statement, query)
    }

    private func groups(_ statement: SQLStatement, _ query: CountQuery) throws(SQLiteFailure) -> [Group: Int] {
        defer { statement.reset() }
        var groups: [Group: Int] = [:]
        while try statement.step() {
            let (dag, workspace) = (statement.text(0), statement.text(1))
            guard query.dag.map({ $0.rawValue == dag }) ?? true,
                query.workspace.map({ $0.rawValue == workspace }) ?? true
            else { continue }
            guard let state = RunState(rawValue: statement.text(2)) else {
                throw .refused(StoreError(.corrupt, subject: "kept counts", detail: "a state is unknown"))
            }
            let group = Group(
                dag: DAGID(unchecked: dag), workspace: workspace.isEmpty ? nil : WorkspaceID(unchecked: workspace),
                state: state)
            groups[group, default: 0] += Int(statement.int(3))
        }
        return groups
    }
}
