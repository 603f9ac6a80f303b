import Holdfast

/// Records that are ready to be written: what can be made of them without asking the store.
struct PreparedBatch: Sendable {
    var runs: [PreparedRun] = []
    var processes: [PreparedProcess] = []
    var dags: [ImportedDAG] = []
    var responses: [ImportedResponse] = []
    var workspaces: [ImportedWorkspace] = []
    /// Those that contradict themselves.
    var rejected: [ImportReport.Rejection] = []

    init(_ records: [ImportedRecord]) {
        for record in records {
            switch record {
            case .run(let run): add(run)
            case .process(let process): processes.append(PreparedProcess(process))
            case .dag(let dag): dags.append(dag)
            case .cached(let response): responses.append(response)
            case .workspace(let workspace): workspaces.append(workspace)
            }
        }
    }

    private mutating func add(_ run: ImportedRun) {
        do throws(StoreError) {
            runs.append(try PreparedRun(run))
        } catch {
            rejected.append(ImportReport.Rejection(run.place, error.detail ?? error.description))
        }
    }
}
