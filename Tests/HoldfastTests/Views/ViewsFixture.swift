import Holdfast
import HoldfastMemory
import HoldfastTesting
import Testing

/// A memory store and its views on a clock that tests turn.
struct ViewsFixture {
    let clock = ManualClock(at: Timestamp(milliseconds: 1_767_261_600_000))
    let store: any Store
    let views: Views

    init() {
        store = MemoryStore(options: StoreOptions(clock: clock))
        views = Views(store, clock: clock, ids: CountingIDGenerator(), worker: .named("recorder"))
    }

    /// Views of another process on the same store.
    var others: Views { Views(store, clock: clock, ids: CountingIDGenerator(), worker: .named("other")) }

    var runs: RunsView { views.runs }

    /// A queued run of `extract → transform → load`, with `audit` beside them.
    @discardableResult
    func createETL(_ id: String = "etl-1", retries: Int = 0) async throws -> RunID {
        let run = try RunID(id)
        try await runs.create(from: try .etl(retries: retries), id: run)
        return run
    }

    /// Takes up a run as an executor would.
    func execute(_ run: RunID, _ payloads: [EventPayload], releasing: Bool = true) async throws {
        var owned = try await OwnedRun.claim(run, store: store, worker: .named("executor"), clock: clock)
        for payload in payloads {
            try owned.stage(payload)
            clock.advance(by: .seconds(1))
        }
        try await owned.commit(releasing: releasing)
    }
}

extension WorkerInfo {
    static func named(_ name: String) -> WorkerInfo {
        WorkerInfo(id: WorkerID(unchecked: name), host: "test", bootID: nil, processID: 1)
    }
}

extension DAGDefinition {
    static func etl(label: String? = nil, retries: Int = 0) throws -> DAGDefinition {
        DAGDefinition(
            name: DAGID("etl"), label: label, params: ["date": "2026-01-01"],
            tasks: [
                try .shell("extract", retries: retries), try .shell("transform", needs: ["extract"]),
                try .shell("load", needs: ["transform"]), try .shell("audit"),
            ])
    }
}

extension TaskDefinition {
    static func shell(
        _ id: String, needs: [String] = [], foreach: Foreach? = nil, retries: Int = 0
    ) throws -> TaskDefinition {
        TaskDefinition(
            id: try TaskID(id), action: .shell("true"), needs: try needs.map { try TaskID($0) }, foreach: foreach,
            retries: retries)
    }
}

extension EventPayload {
    static func start(_ task: String, at mapIndex: Int? = nil, try number: Int = 1) -> EventPayload {
        .taskStarted(
            TaskStarted(
                instance: InstanceID(TaskID(unchecked: task), mapIndex: mapIndex), tryNumber: number, tryToken: "t"))
    }

    static func finish(
        _ task: String, at mapIndex: Int? = nil, try number: Int = 1, _ state: TaskState = .success,
        exitCode: Int? = nil, error: String? = nil, xcoms: [String: JSONValue] = [:],
        artifacts: [ArtifactReference] = []
    ) -> EventPayload {
        .taskFinished(
            TaskFinished(
                instance: InstanceID(TaskID(unchecked: task), mapIndex: mapIndex), tryNumber: number, state: state,
                exitCode: exitCode, error: error, xcoms: xcoms, artifacts: artifacts))
    }
}

/// The error that `body` throws.
func error(
    _ sourceLocation: SourceLocation = #_sourceLocation, of body: () async throws -> Void
) async -> StoreError? {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
        return nil
    } catch {
        return error as? StoreError
    }
}
