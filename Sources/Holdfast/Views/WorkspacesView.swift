/// A registered place that runs and processes are tagged with: a folder, a repository.
public struct Workspace: Sendable, Hashable {
    public var id: WorkspaceID
    public var name: String
    public var rootPath: String
    /// How it is shown; any text.
    public var color: String?
    /// What else is known of it.
    public var metadata: [String: JSONValue]

    public init(
        id: WorkspaceID, name: String, rootPath: String, color: String? = nil, metadata: [String: JSONValue] = [:]
    ) {
        self.id = id
        self.name = name
        self.rootPath = rootPath
        self.color = color
        self.metadata = metadata
    }
}

/// The registered workspaces.
public struct WorkspacesView: Sendable {
    let views: Views
    var store: any Store { views.store }

    init(_ views: Views) { self.views = views }
}

// MARK: - Writing

extension WorkspacesView {
    /// Registers a workspace; one that is registered is updated in the given fields only.
    /// - Parameters:
    ///   - name: nil for the id, or the name it has.
    ///   - rootPath: absolute; may be left out for one that is registered.
    ///   - metadata: merged key by key; null removes one.
    /// - Throws: `invalid` for a new one without a root path, or an empty name or path.
    @discardableResult
    public func register(
        _ id: WorkspaceID, name: String? = nil, rootPath: String? = nil, color: String? = nil,
        metadata: [String: JSONValue] = [:]
    ) async throws(StoreError) -> Workspace {
        for (what, text) in [("name", name), ("root path", rootPath)] where text?.isEmpty == true {
            throw StoreError(.invalid, subject: "workspace \(id)", detail: "its \(what) is empty")
        }
        return try await change(id) { current throws(StoreError) in
            guard let root = rootPath ?? current?.rootPath else {
                throw StoreError(.invalid, subject: "workspace \(id)", detail: "a new one needs a root path")
            }
            var next = current ?? Workspace(id: id, name: id.rawValue, rootPath: root)
            next.rootPath = root
            next.name = name ?? next.name
            next.color = color ?? next.color
            next.metadata.apply(changes: metadata)
            return next
        }
    }

    /// - Throws: `notFound`; `invalid` for an empty name.
    @discardableResult
    public func rename(_ id: WorkspaceID, to name: String) async throws(StoreError) -> Workspace {
        guard !name.isEmpty else {
            throw StoreError(.invalid, subject: "workspace \(id)", detail: "its name is empty")
        }
        _ = try await get(id)
        return try await change(id) { current throws(StoreError) in
            guard var next = current else { throw StoreError(.notFound, subject: "workspace \(id)") }
            next.name = name
            return next
        }
    }

    /// Forgets a workspace; runs and processes keep their tag.
    /// - Parameter isForced: also while runs or processes have the tag.
    /// - Throws: `notFound`; `inUse`, saying by how many, unless forced.
    public func remove(_ id: WorkspaceID, isForced: Bool = false) async throws(StoreError) {
        _ = try await get(id)
        if !isForced {
            let runs = try await count(.run, id)
            let processes = try await count(.process, id)
            guard runs + processes == 0 else {
                throw StoreError(
                    .inUse, subject: "workspace \(id)",
                    detail: "runs with its tag: \(runs), processes: \(processes); force it, and they keep the tag")
            }
        }
        _ = try await store.commit(
            Changeset(records: [.delete(kind: Workspace.recordKind, key: id.rawValue, expectedVersion: nil)]))
    }

    private func count(_ kind: HistoryID.Kind, _ id: WorkspaceID) async throws(StoreError) -> Int {
        try await store.counts(CountQuery(kind: kind, workspace: id)).reduce(0) { $0 + $1.count }
    }

    /// Changes the record on the condition that nobody else has meanwhile.
    private func change(
        _ id: WorkspaceID, _ next: (Workspace?) throws(StoreError) -> Workspace
    ) async throws(StoreError) -> Workspace {
        try await retryingConflicts { () throws(StoreError) in
            let record = try await record(of: id)
            let current = try record.map { record throws(StoreError) in try Workspace(record) }
            let changed = try next(current)
            guard changed != current else { return changed }
            _ = try await store.commit(
                Changeset(records: [.put(changed.record, expectedVersion: record?.version ?? 0)]))
            return changed
        }
    }
}

// MARK: - Reading

extension WorkspacesView {
    /// - Throws: `notFound`, with a similar id if there is one.
    public func get(_ id: WorkspaceID) async throws(StoreError) -> Workspace {
        if let record = try await record(of: id) { return try Workspace(record) }
        let ids = try await list(limit: RecordQuery.maximumLimit).elements.map(\.id.rawValue)
        throw StoreError(
            .notFound, subject: "workspace \(id)",
            detail: Spelling.nearest(to: id.rawValue, in: ids).map { "did you mean \($0)?" })
    }

    public func exists(_ id: WorkspaceID) async throws(StoreError) -> Bool { try await record(of: id) != nil }

    /// By id.
    /// - Parameter limit: 1 to 1,000.
    /// - Throws: `invalidCursor`, `invalid` for the limit.
    public func list(limit: Int = 100, cursor: Cursor? = nil) async throws(StoreError) -> Page<Workspace> {
        let page = try await store.records(RecordQuery(kind: Workspace.recordKind, limit: limit, cursor: cursor))
        var workspaces: [Workspace] = []
        for record in page.elements { workspaces.append(try Workspace(record)) }
        return Page(workspaces, nextCursor: page.nextCursor, total: page.total)
    }

    private func record(of id: WorkspaceID) async throws(StoreError) -> Record? {
        try await store.records(RecordQuery(kind: Workspace.recordKind, .key(id.rawValue), limit: 1)).elements.first
    }
}

// MARK: - Record and output

extension Workspace {
    static let recordKind = "workspace"

    /// Its record; puts of it make a workspace without a view, as an import of many does.
    public var record: Record {
        var body: [String: JSONValue] = ["name": .string(name), "root_path": .string(rootPath)]
        body["color"] = color.map { .string($0) }
        if !metadata.isEmpty { body["metadata"] = .object(metadata) }
        return Record(kind: Self.recordKind, key: id.rawValue, body: .object(body))
    }

    /// - Throws: `corrupt`.
    init(_ record: Record) throws(StoreError) {
        let reader = try ObjectReader(record.body, subject: "workspace record \(quoted(record.key))")
        self.init(
            id: try WorkspaceID(record.key), name: try reader.required("name", reader.string),
            rootPath: try reader.required("root_path", reader.string), color: try reader.string("color"),
            metadata: try reader.object("metadata") ?? [:])
    }

    /// Workspace JSON.
    public var outputJSON: JSONValue {
        [
            "id": .string(id.rawValue), "name": .string(name), "root_path": .string(rootPath), "color": output(color),
            "metadata": .object(metadata),
        ]
    }
}

extension Page<Workspace> {
    public var outputJSON: JSONValue { outputJSON("workspaces", \.outputJSON) }
}
