import Holdfast

/// Writes `processes.json`, an array of `{workspaceId, process}`, and `workspaces.json`: the layout from which all later ones
/// were made.
final class ProcessStoreWriter {
    private let folder: ExportFolder
    private let store: any Store
    private let processes: ExportFile
    private var isFirst = true

    init(_ folder: ExportFolder, _ store: any Store) throws(ExportFailure) {
        self.folder = folder
        self.store = store
        processes = try folder.file(["processes.json"])
        try processes.write("[")
    }

    /// Adds the processes that a query finds.
    /// - Returns: how many.
    func add(_ query: ProcessQuery) async throws -> Int {
        var query = query
        query.limit = SummaryQuery.maximumLimit
        query.ascending = true
        var count = 0
        repeat {
            let page = try await store.processes.list(query)
            for summary in page.elements { try await add(summary.id) }
            count += page.elements.count
            query.cursor = page.nextCursor
        } while query.cursor != nil
        return count
    }

    private func add(_ id: ProcessID) async throws {
        let detail = try await store.processes.detail(id)
        var document = ProcessStoreRecord.document(of: detail.record)
        if let origin = OriginMetadata(detail.record.fields.metadata), origin.format == .processStore,
            let first = detail.fold.added?.record
        {
            let base = try await imported(id) ?? first
            document = Remainder.apply(
                origin.remainder, to: document, from: ProcessStoreRecord.document(of: base))
        }
        var members = document.objectValue ?? [:]
        let workspace = members.removeValue(forKey: ProcessStoreRecord.workspaceSection)
        var entry = members.removeValue(forKey: ProcessStoreRecord.entrySection)?.objectValue ?? [:]
        entry["process"] = .object(members)
        entry["workspaceId"] = workspace
        let text = JSONValue.object(entry).prettyText.split(separator: "\n", omittingEmptySubsequences: false)
        try processes.write((isFirst ? "\n  " : ",\n  ") + text.joined(separator: "\n  "))
        isFirst = false
    }

    /// The record as it came in, with its turns.
    private func imported(_ id: ProcessID) async throws -> ProcessRecord? {
        guard let event = try await store.history(HistoryQuery(.process(id), limit: 1)).elements.first,
            case .processAdded(let added) = try await store.resolve(event).payload
        else { return nil }
        return added.record
    }

    /// Writes the workspaces, all of them.
    /// - Returns: how many.
    func finish() async throws -> Int {
        try processes.write(isFirst ? "]\n" : "\n]\n")
        try processes.finish()
        var workspaces: [JSONValue] = []
        var cursor: Cursor?
        repeat {
            let page = try await store.workspaces.list(limit: RecordQuery.maximumLimit, cursor: cursor)
            for workspace in page.elements {
                let written = ProcessStoreWorkspace.document(of: workspace)
                let origin = OriginMetadata(workspace.metadata)
                workspaces.append(origin?.restored(written) ?? written)
            }
            cursor = page.nextCursor
        } while cursor != nil
        try folder.write(.array(workspaces), to: ["workspaces.json"])
        return workspaces.count
    }
}

extension OriginMetadata {
    /// The original of a workspace; what was changed since is told by the members that differ from it.
    fileprivate func restored(_ written: JSONValue) -> JSONValue {
        guard format == .processStore, var base = written.objectValue else { return written }
        // A name that was missing was the id, a colour that is known to differ was none.
        let (fields, absent) = (remainder["fields"], remainder["absent"]?.arrayValue ?? [])
        if absent.contains("name") || fields?["name"] != nil { base["name"] = members["id"] }
        if fields?["color"] != nil { base["color"] = nil }
        return Remainder.apply(remainder, to: written, from: .object(base))
    }
}
