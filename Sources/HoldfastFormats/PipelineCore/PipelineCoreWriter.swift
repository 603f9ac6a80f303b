import Holdfast

/// Writes `runs/<run>.json`, `xcom/<run>.json` and `dags.json`.
struct PipelineCoreWriter {
    private let folder: ExportFolder
    private var dags: Set<DAGID> = []

    init(_ folder: ExportFolder) { self.folder = folder }

    mutating func add(_ run: ExportedRun) throws(ExportFailure) {
        dags.insert(run.run.created.dag)
        try folder.write(run.record, to: ["runs", "\(run.id).json"])
        var entries: [JSONValue] = []
        let section = run.document[PipelineCoreRun.xcomSection]?.objectValue ?? [:]
        for (_, byKey) in section.sorted(by: { $0.key < $1.key }) {
            entries += (byKey.objectValue ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        }
        if !entries.isEmpty { try folder.write(.array(entries), to: ["xcom", "\(run.id).json"]) }
    }

    /// Writes the DAGs: all of them, or those of the exported runs.
    /// - Returns: how many.
    func finish(_ selection: Exporter.Selection, _ store: any Store) async throws -> Int {
        var records: [JSONValue] = []
        var cursor: Cursor?
        repeat {
            let page = try await store.dags.list(cursor: cursor)
            for dag in page.elements where selection == .all || dags.contains(dag.id) {
                let query = RecordQuery(kind: DAGOrigin.recordKind, .key(dag.id.rawValue), limit: 1)
                if let original = try await store.records(query).elements.first, dag.versions.count == 1 {
                    records.append(original.body["record"] ?? .null)
                } else {
                    records.append(PipelineCoreDAG.json(of: try await store.dags.definition(of: dag.id)))
                }
            }
            cursor = page.nextCursor
        } while cursor != nil
        try folder.write(.array(records), to: ["dags.json"])
        return records.count
    }
}
