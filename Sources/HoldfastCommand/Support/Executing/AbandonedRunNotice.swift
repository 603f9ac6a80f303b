import Holdfast

/// Tells whoever waits for a run's next event that nobody is at work on it: a worker that died leaves no event.
struct AbandonedRunNotice: Sendable {
    let run: RunID
    let store: any Store

    private static let interval = Duration.seconds(1)

    /// Looks after the run while `body` follows it.
    func given(_ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await watch() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    private func watch() async throws {
        var wasAbandoned = false
        while true {
            let isAbandoned = try await store.summary(of: .run(run)).visibleState == .interrupted
            if isAbandoned && !wasAbandoned {
                Output.error.note(
                    "holdfast: run \(run) is interrupted, nobody is at work on it; waiting for holdfast resume \(run)")
            }
            wasAbandoned = isAbandoned
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }
}
