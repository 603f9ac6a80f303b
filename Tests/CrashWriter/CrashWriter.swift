import Foundation
import Holdfast
import HoldfastFiles
import HoldfastSQLite

/// Commits to a store as fast as it can until a file is there, and notes what was acknowledged. Made to be killed.
///
///     crash-writer URL NAME LOG STOP
///
/// One run after the other gets steps of its own, each a commit; every other step the run `shared`, which all writers
/// write to, gets a signal. Every third run is deleted when it is done.
@main
struct CrashWriter {
    let store: any Store
    let name: String
    let log: Log
    let stop: String

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5 else { throw Failure(description: "crash-writer URL NAME LOG STOP") }
        let store = try await openStore(arguments[1], backends: [SQLiteStore.backend, FilesStore.backend]).store
        let writer = CrashWriter(
            store: store, name: arguments[2], log: try Log(arguments[3]), stop: arguments[4])
        try await writer.run()
        try await store.close()
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let steps = 20
    private var isOver: Bool { FileManager.default.fileExists(atPath: stop) }

    private func run() async throws {
        var number = 0
        while !isOver {
            let run = try RunID("\(name)-\(number)")
            try await carryOut(run)
            if number % 3 == 2 { try await delete(run) }
            if number % 10 == 9 { _ = try await store.maintain(MaintenanceRequest(compact: true)) }
            number += 1
        }
    }

    private func carryOut(_ run: RunID) async throws {
        let worker = WorkerInfo.thisProcess()
        let now = SystemWallClock().now()
        try await store.createRun(run, .created(RunCreated(dag: try DAGID("hammer"), logicalDate: now)), at: now)
        var owned = try await OwnedRun.claim(run, store: store, worker: worker)
        try owned.stage(.started)
        try await owned.commit()
        for step in 0..<Self.steps {
            let task = try TaskID("step-\(step)")
            try owned.stage(
                .stepCompleted(StepCompleted(task: task, value: .string(String(repeating: "x", count: 100)))))
            for event in try await owned.commit() { try log.note("\(run) \(event.sequence) \(task)") }
            if step % 2 == 1 { try await signal("\(run)-\(step)") }
        }
        try owned.stage(.finished(state: .success, reason: nil))
        for event in try await owned.commit(releasing: true) { try log.note("\(run) \(event.sequence) finished") }
    }

    private func signal(_ mark: String) async throws {
        let event = NewEvent(at: SystemWallClock().now(), .signalled(name: mark, value: .null))
        let append = Changeset.Append(.run(try RunID("shared")), events: [event])
        let receipt = try await store.commit(Changeset(appends: [append]))
        for sequences in receipt.sequences { try log.note("shared \(sequences.lowerBound) \(mark)") }
    }

    private func delete(_ run: RunID) async throws {
        let owned = try await OwnedRun.claim(run, store: store, worker: .thisProcess())
        try log.note("\(run) 0 deleting")
        _ = try await store.commit(
            Changeset(deletions: [Changeset.Deletion(.run(run), token: owned.lease.token)]))
        try log.note("\(run) 0 deleted")
    }
}

/// Lines that survive the death of the process: each is one call of `write`.
struct Log {
    private let file: FileHandle

    init(_ path: String) throws {
        try Data().write(to: URL(filePath: path))
        file = try FileHandle(forWritingTo: URL(filePath: path))
    }

    func note(_ line: String) throws { try file.write(contentsOf: Data("\(line)\n".utf8)) }
}
