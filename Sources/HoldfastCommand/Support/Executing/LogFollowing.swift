import Holdfast
import HoldfastEngine
import Synchronization

/// Prints logs while they are written, until the run has ended.
struct LogFollowing: Sendable {
    let run: RunID
    let folder: String
    let store: any Store
    let selection: LogSelection

    /// The tries whose logs have come to their end.
    private final class Ends: Sendable {
        private let open = Mutex<[InstanceID: Int]>([:])

        func begin(_ started: TaskStarted) { open.withLock { $0[started.instance] = started.tryNumber } }
        func end(_ instance: InstanceID) { open.withLock { $0[instance] = nil } }
        func endAll() { open.withLock { $0 = [:] } }
        func hasEnded(_ started: TaskStarted) -> Bool {
            open.withLock { $0[started.instance] != started.tryNumber }
        }
    }

    func run() async throws {
        let ends = Ends()
        var fold = RunFold(id: run)
        try await withThrowingTaskGroup { group in
            for try await event in store.events.follow(run) {
                try fold.apply(event)
                switch event.payload {
                case .taskStarted(let started) where selection.contains(started):
                    guard let instance = fold.instance(started.instance) else { continue }
                    ends.begin(started)
                    let log = TryLog(root: folder, run: run, instance: instance, try: started.tryNumber)
                    for path in [log.output, log.error] {
                        group.addTask { try await follow(path, of: started, ends) }
                    }
                case .taskFinished(let finished): ends.end(finished.instance)
                case .taskMarked(let marked): ends.end(marked.instance)
                case .resumed, .interrupted, .finished: ends.endAll()
                default: break
                }
            }
            ends.endAll()
            try await group.waitForAll()
        }
    }

    /// Prints whole lines, so that those of several tasks do not run into each other.
    private func follow(_ path: String, of started: TaskStarted, _ ends: Ends) async throws {
        let prefix = selection.isMany ? "\(started.instance) │ " : ""
        var rest: [UInt8] = []
        for try await chunk in LogFollower(path: path, hasEnded: { ends.hasEnded(started) }) {
            rest += chunk
            guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { continue }
            try print(rest[...end], prefix)
            rest.removeSubrange(...end)
        }
        if !rest.isEmpty { try print(rest + [UInt8(ascii: "\n")], prefix) }
    }

    private func print(_ bytes: some Collection<UInt8>, _ prefix: String) throws {
        guard !prefix.isEmpty else { return try Output.standard.write(bytes) }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        try Output.standard.write(lines.flatMap { Array(prefix.utf8) + $0 + [UInt8(ascii: "\n")] })
    }
}
