/// The registered DAGs, each with all its versions.
public struct DAGsView: Sendable {
    let views: Views
    var store: any Store { views.store }

    init(_ views: Views) { self.views = views }
}

// MARK: - Writing

extension DAGsView {
    /// Puts a definition in force under its name. One that was registered before comes to the front again.
    @discardableResult
    public func register(_ definition: DAGDefinition) async throws(StoreError) -> RegisteredDAG {
        let digest = definition.version
        let stored = StoredDefinition(definition)
        return try await change(definition.name) { current throws(StoreError) in
            if let current, current.current.digest == digest { return nil }
            let version = RegisteredDAG.Version(
                digest: digest, label: definition.label, registeredAt: views.clock.now(), parts: stored.parts)
            var next = current ?? RegisteredDAG(id: definition.name, isPaused: false, versions: [])
            next.versions.removeAll { $0.digest == digest }
            next.versions.insert(version, at: 0)
            return (next, stored.records)
        }
    }

    /// Keeps schedules and triggers from starting it.
    /// - Throws: `notFound`.
    @discardableResult
    public func pause(_ id: DAGID) async throws(StoreError) -> RegisteredDAG { try await setPaused(id, true) }

    /// - Throws: `notFound`.
    @discardableResult
    public func resume(_ id: DAGID) async throws(StoreError) -> RegisteredDAG { try await setPaused(id, false) }

    private func setPaused(_ id: DAGID, _ isPaused: Bool) async throws(StoreError) -> RegisteredDAG {
        _ = try await get(id)
        return try await change(id) { current throws(StoreError) in
            guard var next = current else { throw StoreError(.notFound, subject: "DAG \(id)") }
            guard next.isPaused != isPaused else { return nil }
            next.isPaused = isPaused
            return (next, [])
        }
    }

    /// Forgets a DAG and all its versions; its runs stay.
    /// - Throws: `notFound`.
    public func deregister(_ id: DAGID) async throws(StoreError) {
        try await retryingConflicts { () throws(StoreError) in
            let dag = try await get(id)
            let keys = dag.versions.flatMap { StoredDefinition.keys(id, $0) }
            var changeset = Changeset()
            changeset.records = [
                .delete(kind: RegisteredDAG.recordKind, key: id.rawValue, expectedVersion: dag.recordVersion)
            ]
            for key in keys {
                changeset.records.append(
                    .delete(kind: StoredDefinition.recordKind, key: key, expectedVersion: nil))
            }
            _ = try await store.commit(changeset)
        }
    }

    /// Changes a DAG's record on the condition that nobody else has meanwhile; nil from `next` leaves it.
    private func change(
        _ id: DAGID, _ next: (RegisteredDAG?) throws(StoreError) -> (RegisteredDAG, [Record])?
    ) async throws(StoreError) -> RegisteredDAG {
        try await retryingConflicts { () throws(StoreError) in
            let current = try await stored(id)
            guard let (changed, definitions) = try next(current) else {
                guard let current else { throw StoreError(.notFound, subject: "DAG \(id)") }
                return current
            }
            var dag = changed
            var changeset = Changeset()
            changeset.records = [.put(dag.record, expectedVersion: current?.recordVersion ?? 0)]
            for record in definitions { changeset.records.append(.put(record, expectedVersion: nil)) }
            let receipt = try await store.commit(changeset)
            dag.recordVersion = receipt.versions.first ?? 0
            return dag
        }
    }
}

// MARK: - Reading

extension DAGsView {
    /// - Throws: `notFound`, with a similar name if there is one.
    public func get(_ id: DAGID) async throws(StoreError) -> RegisteredDAG {
        if let dag = try await stored(id) { return dag }
        let names = try await store.records(
            RecordQuery(kind: RegisteredDAG.recordKind, limit: RecordQuery.maximumLimit)
        ).elements.map(\.key)
        throw StoreError(
            .notFound, subject: "DAG \(id)",
            detail: Spelling.nearest(to: id.rawValue, in: names).map { "did you mean \($0)?" })
    }

    /// By name.
    /// - Parameter limit: 1 to 1,000.
    /// - Throws: `invalidCursor`, `invalid` for the limit.
    public func list(limit: Int = 100, cursor: Cursor? = nil) async throws(StoreError) -> Page<RegisteredDAG> {
        let page = try await store.records(
            RecordQuery(kind: RegisteredDAG.recordKind, limit: limit, cursor: cursor))
        var dags: [RegisteredDAG] = []
        for record in page.elements { dags.append(try RegisteredDAG(record)) }
        return Page(dags, nextCursor: page.nextCursor, total: page.total)
    }

    /// A definition of a DAG: the one in force, or that of a version named by its digest, its label (the newest that has it) or
    /// an unambiguous beginning of its digest.
    /// - Throws: `notFound`, `invalid` when the digests of several versions begin so.
    public func definition(of id: DAGID, version name: String? = nil) async throws(StoreError) -> DAGDefinition {
        let dag = try await get(id)
        let version = try name.map { name throws(StoreError) in try dag.version(name) } ?? dag.current
        var bodies: [JSONValue] = []
        for key in StoredDefinition.keys(id, version) {
            let page = try await store.records(RecordQuery(kind: StoredDefinition.recordKind, .key(key), limit: 1))
            guard let record = page.elements.first else {
                throw StoreError(.corrupt, subject: "DAG \(id)", detail: "the definition \(key) is missing")
            }
            bodies.append(record.body)
        }
        return version.parts == 0 ? try DAGDefinition(json: bodies[0]) : try Self.joined(bodies, of: id)
    }

    private static func joined(_ pieces: [JSONValue], of id: DAGID) throws(StoreError) -> DAGDefinition {
        let text = pieces.compactMap(\.stringValue).joined()
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONValue(parsing: text)
        } catch {
            throw StoreError(.corrupt, subject: "DAG \(id)", detail: "its definition is no JSON", cause: error)
        }
        return try DAGDefinition(json: json)
    }

    private func stored(_ id: DAGID) async throws(StoreError) -> RegisteredDAG? {
        let query = RecordQuery(kind: RegisteredDAG.recordKind, .key(id.rawValue), limit: 1)
        guard let record = try await store.records(query).elements.first else { return nil }
        return try RegisteredDAG(record)
    }
}

extension RegisteredDAG {
    /// The version of this digest, else with this label, else the only one whose digest begins so.
    /// - Throws: `notFound`, `invalid` when several do.
    public func version(_ name: String) throws(StoreError) -> Version {
        let named = versions.first { $0.digest.hexadecimal == name } ?? versions.first { $0.label == name }
        if let named { return named }
        let found = name.isEmpty ? [] : versions.filter { $0.digest.hexadecimal.hasPrefix(name) }
        guard let first = found.first else {
            throw StoreError(.notFound, subject: "version \(quoted(name)) of DAG \(id)")
        }
        guard found.count == 1 else {
            let digests = found.prefix(5).map { String($0.digest.hexadecimal.prefix(12)) }.joined(separator: ", ")
            throw StoreError(
                .invalid, subject: "version \(quoted(name)) of DAG \(id)", detail: "several begin so: \(digests)")
        }
        return first
    }
}
