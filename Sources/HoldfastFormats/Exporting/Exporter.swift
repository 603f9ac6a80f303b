public import Holdfast

/// Writes records of a store as another system keeps them. What came from that system goes back as it was, except for what
/// has changed since.
public struct Exporter: Sendable {
    /// Which records.
    public enum Selection: Sendable, Hashable {
        case all
        case dag(DAGID)
        case runs([RunID])
    }

    public let store: any Store
    /// Told from time to time how far it is.
    public var onProgress: @Sendable (ExportReport) -> Void

    public init(_ store: any Store, onProgress: @escaping @Sendable (ExportReport) -> Void = { _ in }) {
        self.store = store
        self.onProgress = onProgress
    }

    /// - Parameter path: of a folder that is empty, or not there.
    /// - Throws: `ExportFailure` for what keeps files from being written; `StoreError` when the store fails, with the code
    ///   `notFound` for runs that are not there, and for a DAG that has no runs and is not registered.
    public func run(_ selection: Selection, as format: RecordFormat, to path: String) async throws -> ExportReport {
        if case .dag(let dag) = selection { try await checkIsKnown(dag) }
        let folder = try ExportFolder(path)
        var report = ExportReport(format: format)
        switch format {
        case .pipelineCore:
            var writer = PipelineCoreWriter(folder)
            try await exportRuns(selection, format, &report) { run, _ in try writer.add(run) }
            report.exported.dags = try await writer.finish(selection, store)
        case .processStore:
            let writer = try ProcessStoreWriter(folder, store)
            for query in try await processes(of: selection) {
                report.exported.processes += try await writer.add(query)
            }
            report.exported.workspaces = try await writer.finish()
        case .waivern:
            let writer = WaivernWriter(folder, store)
            try await exportRuns(selection, format, &report) { run, report in
                try await writer.add(run, &report.exported)
            }
        case .awf:
            let writer = AWFWriter(folder)
            try await exportRuns(selection, format, &report) { run, _ in try writer.add(run) }
            try writer.finish()
        case .runHistory:
            let writer = try RunHistoryWriter(folder, store)
            try await exportRuns(selection, format, &report) { run, report in
                if try await !writer.add(run) { report.unfinished += 1 }
            }
            try writer.finish()
        }
        return report
    }

    private func checkIsKnown(_ dag: DAGID) async throws(StoreError) {
        guard try await store.summaries(SummaryQuery(dag: dag, limit: 1)).elements.isEmpty else { return }
        _ = try await store.dags.get(dag)
    }

    /// Which processes: all, or those that belong to the runs.
    private func processes(of selection: Selection) async throws -> [ProcessQuery] {
        switch selection {
        case .all: return [ProcessQuery()]
        case .runs(let runs): return runs.map { ProcessQuery(run: $0) }
        case .dag(let dag):
            var queries: [ProcessQuery] = []
            var query = SummaryQuery(dag: dag, ascending: true, limit: SummaryQuery.maximumLimit)
            repeat {
                let page = try await store.runs.list(query)
                queries += page.elements.map { ProcessQuery(run: RunID(unchecked: $0.id.id)) }
                query.cursor = page.nextCursor
            } while query.cursor != nil
            return queries
        }
    }

    // MARK: Runs

    private func exportRuns(
        _ selection: Selection, _ format: RecordFormat, _ report: inout ExportReport,
        _ add: (ExportedRun, inout ExportReport) async throws -> Void
    ) async throws {
        var query = SummaryQuery(ascending: true, limit: SummaryQuery.maximumLimit)
        switch selection {
        case .all: break
        case .dag(let dag): query.dag = dag
        case .runs(let runs):
            for run in runs { try await export(try await store.runs.get(run), format, &report, add) }
            return
        }
        repeat {
            let page = try await store.runs.list(query)
            for summary in page.elements { try await export(summary, format, &report, add) }
            query.cursor = page.nextCursor
        } while query.cursor != nil
    }

    private func export(
        _ summary: Summary, _ format: RecordFormat, _ report: inout ExportReport,
        _ add: (ExportedRun, inout ExportReport) async throws -> Void
    ) async throws {
        let run = try await ExportedRun(RunID(unchecked: summary.id.id), format, store)
        let leftOut = report.unfinished
        try await add(run, &report)
        if report.unfinished == leftOut { report.exported.runs += 1 }
        if (report.exported.runs + report.unfinished) % 100 == 0 { onProgress(report) }
    }
}

/// What keeps an export from being written.
public struct ExportFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// What an export wrote.
public struct ExportReport: Sendable, Hashable {
    public let format: RecordFormat
    public internal(set) var exported = ImportReport.Counts()
    /// Runs without a record, as the format has none for what has not ended; not in `exported`.
    public internal(set) var unfinished = 0

    init(format: RecordFormat) { self.format = format }

    /// `{"format", "exported": {…}, "unfinished"}`.
    public var outputJSON: JSONValue {
        [
            "format": .string(format.rawValue), "exported": exported.outputJSON,
            "unfinished": .int(Int64(unfinished)),
        ]
    }
}
