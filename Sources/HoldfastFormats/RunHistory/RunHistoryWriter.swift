import Holdfast

/// Writes `runs.jsonl`, a line for each run that has ended, and `events/pipeline_<run>.jsonl`.
struct RunHistoryWriter {
    private let folder: ExportFolder
    private let store: any Store
    private let runs: ExportFile

    init(_ folder: ExportFolder, _ store: any Store) throws(ExportFailure) {
        self.folder = folder
        self.store = store
        runs = try folder.file(["runs.jsonl"])
    }

    /// - Returns: whether the run is in `runs.jsonl`, which has only what has ended.
    func add(_ run: ExportedRun) async throws -> Bool {
        let hasEnded = run.run.fold.state.isTerminal
        if hasEnded { try runs.write(run.record.compactText + "\n") }
        try await addEvents(of: run)
        return hasEnded
    }

    private func addEvents(of run: ExportedRun) async throws {
        let name = RunHistoryEvents.prefix + run.id + RunHistoryEvents.suffix
        if let artifact = run.run.fold.artifacts[RunHistoryEvents.artifactKey],
            artifact.metadata["imported_from"] == .string(RecordFormat.runHistory.rawValue)
        {
            let bytes: [UInt8] = try await store.readBlob(artifact.digest)
            try folder.write(bytes, to: ["events", name])
        } else if run.origin == nil {
            let lines = run.run.runHistoryEvents.map { $0.compactText + "\n" }.joined()
            if !lines.isEmpty { try folder.write(Array(lines.utf8), to: ["events", name]) }
        }
    }

    func finish() throws(ExportFailure) { try runs.finish() }
}

extension ForeignRun {
    /// When each stage began and ended.
    fileprivate var runHistoryEvents: [JSONValue] {
        var events: [(time: Timestamp, json: JSONValue)] = []
        for instance in fold.currentInstances {
            let stage = instance.id.description
            func add(_ name: String, _ time: Timestamp?) {
                guard let time else { return }
                events.append(
                    (
                        time,
                        [
                            "run_id": .string(fold.id.rawValue), "stage": .string(stage), "event": .string(name),
                            "timestamp": json(time), "msg": .string("\(stage) \(name)"),
                        ]
                    ))
            }
            add("started", instance.startedAt)
            if instance.state.isTerminal { add(instance.state.rawValue, instance.endedAt) }
        }
        return events.sorted { $0.time < $1.time }.map(\.json)
    }
}
