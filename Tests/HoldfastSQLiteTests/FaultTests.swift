import Foundation
import GRDB
import GRDBSQLite
import Holdfast
import HoldfastTesting
import Synchronization
import Testing

@testable import HoldfastSQLite

@Suite("Faults below the store")
struct FaultTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func step(_ lease: Lease, _ number: Int) -> Changeset {
        let value = JSONValue.string(String(repeating: "x", count: 2000))
        return .appending(.step("step-\(number)", value), to: lease.history, token: lease.token, at: start)
    }

    @Test("limits that can't be read keep nothing from being added, and that is told")
    func damagedLimits() async throws {
        let store = try await open(folder.database)
        try await store.retention.set { $0.maxRunsPerDAG = 5 }
        try store.execute("UPDATE record SET body = '{'")
        let told = Mutex<[StoreError.Code]>([])
        let views = Views(store, onPruned: { report in told.withLock { $0 += report.failures.map(\.code) } })
        let run = try await views.runs.create(DAGID(unchecked: "etl"))
        #expect(told.withLock { $0 } == [.corrupt])
        #expect(try await store.lastSequence(of: run.id) == 1)
        try await store.close()
    }

    @Test("a full disk refuses a commit whole, keeps what was acknowledged, and is forgotten once there is space")
    func fullDisk() async throws {
        let store = try await open(folder.database)
        let lease = try await store.createClaimed("a")
        let pages = try #require(try store.integer("PRAGMA page_count"))
        try store.execute("PRAGMA max_page_count = \(pages + 20)")
        var acknowledged = lease.sequence
        let failure = await code { () throws(StoreError) in
            for number in 0..<1000 {
                acknowledged = try await store.commit(step(lease, number)).sequences[0].upperBound
            }
        }
        #expect(failure == .full)
        #expect(acknowledged > lease.sequence)
        #expect(try await store.lastSequence(of: lease.history) == acknowledged)
        try store.execute("PRAGMA max_page_count = 1000000")
        #expect(try await store.commit(step(lease, 0)).sequences == [acknowledged + 1...acknowledged + 1])
        #expect(try await store.maintain(MaintenanceRequest(check: true)).findings == [])
        try await store.close()
    }

    @Test("everybody in a batch that meets a full disk is told")
    func fullDiskForMany() async throws {
        let store = try await open(folder.database)
        let lease = try await store.createClaimed("a")
        let pages = try #require(try store.integer("PRAGMA page_count"))
        try store.execute("PRAGMA max_page_count = \(pages + 20)")
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let failure = await code { () throws(StoreError) in _ = try await store.commit(step(lease, number))
                    }
                    #expect(failure == nil || failure == .full)
                    return failure == nil
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let succeeded = outcomes.count { $0 }
        #expect(succeeded < 200)
        #expect(try await store.lastSequence(of: lease.history) == lease.sequence + Int64(succeeded))
        try store.execute("PRAGMA max_page_count = 1000000")
        try await store.close()
    }

    @Test("after a commit whose outcome nobody knows the store takes no more writes until it is opened again")
    func unknownOutcome() async throws {
        let store = try await open(folder.database)
        let history = try await store.create("a")
        let signal = Changeset.appending(.signal("s"), to: history, at: start)
        // A commit that fails in a way of which SQLite does not say that it left nothing.
        store.onWriter { _ = sqlite3_commit_hook($0.sqliteConnection, { _ in 1 }, nil) }
        #expect(await code { () throws(StoreError) in _ = try await store.commit(signal) } == .outcomeUnknown)
        store.onWriter { _ = sqlite3_commit_hook($0.sqliteConnection, nil, nil) }
        #expect(await code { () throws(StoreError) in _ = try await store.commit(signal) } == .unavailable)
        #expect(try await store.lastSequence(of: history) == 1)
        try await store.close()
        let again = try await open(folder.database)
        #expect(try await again.commit(signal).sequences == [2...2])
        #expect(try await again.commit(signal).sequences == [2...2])
        try await again.close()
    }

    @Test("a process killed among commits keeps every one that it was told of")
    func killed() async throws {
        let path = folder.database
        for delay in [20_000, 50_000, 80_000] as [UInt32] {
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, delay = delay as UInt32] in
                let store = try await SQLiteStore(path: path)
                if try await store.summaries(SummaryQuery()).elements.isEmpty { try await store.create("a") }
                let log = try FileHandle(
                    forWritingTo: {
                        let url = URL(fileURLWithPath: path + ".told")
                        if !FileManager.default.fileExists(atPath: url.path) { try Data().write(to: url) }
                        return url
                    }())
                func commit() async throws {
                    let receipt = try await store.commit(.appending(.signal("s"), to: .run(named: "a"), at: start))
                    try log.seek(toOffset: 0)
                    try log.write(contentsOf: Data("\(receipt.sequences[0].upperBound)\n".utf8))
                }
                try await commit()
                Thread.detachNewThread {
                    usleep(delay)
                    kill(getpid(), SIGKILL)
                }
                while true { try await commit() }
            }
            let told = try String(contentsOfFile: path + ".told", encoding: .utf8)
            let sequence = try #require(told.split(separator: "\n").first.flatMap { Int64($0) })
            let store = try await open(path)
            #expect(try await store.history(HistoryQuery(.run(named: "a"), from: sequence)).elements.count >= 1)
            #expect(try await store.maintain(MaintenanceRequest(check: true)).findings == [])
            try await store.close()
        }
    }
}
