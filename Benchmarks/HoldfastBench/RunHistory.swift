import Holdfast

/// Finished runs of 20 pipelines, one each minute: one in ten failed, spread evenly.
///
/// They are put into the store through its contract, as an import does it: many in one commit.
struct RunHistory {
    var runs: Int

    private static let batch = 1000

    func fill(_ store: any Store) async throws {
        let dags = try (0..<20).map { try DAGID("pipeline-\($0)") }
        for start in stride(from: 0, to: runs, by: Self.batch) {
            var changeset = Changeset()
            for index in start..<min(start + Self.batch, runs) {
                let id = try RunID("run-\(index)")
                let snapshot = snapshot(index, dag: dags[index % dags.count])
                let time = snapshot.created.logicalDate
                let fold = try RunFold(
                    id: id, events: [Event(sequence: 1, time: time, token: nil, payload: .restored(snapshot))])
                changeset.appends.append(
                    Changeset.Append(.run(id), events: [NewEvent(at: time, .restored(snapshot))]))
                changeset.summaries.append(.create(fold.initialSummary))
            }
            _ = try await store.commit(changeset)
        }
    }

    private func snapshot(_ index: Int, dag: DAGID) -> RunSnapshot {
        let created = Timestamp(milliseconds: 1_700_000_000_000 + Int64(index) * 60_000)
        let hasFailed = (index / 20) % 10 == 3
        return RunSnapshot(
            origin: .imported, created: RunCreated(dag: dag, trigger: "import", logicalDate: created),
            state: hasFailed ? .failed : .success, startedAt: created + .seconds(1),
            endedAt: created + .seconds(2 + index % 300), failureReason: hasFailed ? "task load failed" : nil)
    }
}
