/// Record formats of other systems that are read in and written out.
public enum RecordFormat: String, Sendable, Hashable, CaseIterable {
    /// DAG runs as JSON files: `dags.json`, `runs/<run>.json`, `xcom/<run>.json`.
    case pipelineCore = "pipeline-core"
    /// AI processes: `processes.json` and `workspaces.json`, and the layouts that followed.
    case processStore = "process-store"
    /// Artifacts by run: `runs/<run>/_system`, `artifacts`, `llm_cache`.
    case waivern
    /// Workflow states: `states/<id>.json` and `history.db`.
    case awf
    /// Run summaries as JSON Lines: `runs.jsonl` and `events/pipeline_<run>.jsonl`.
    case runHistory = "run-history"
}
