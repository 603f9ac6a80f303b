import Foundation
import Holdfast
import HoldfastSQLite
import HoldfastTesting
import Testing

/// Eight processes write to one store, and one of them is killed every second.
@Suite("Many processes at once", .serialized)
struct CrowdTests {
    @Test(
        "nothing that was acknowledged is lost, and histories have no gap and no repeat", .timeLimit(.minutes(5)),
        arguments: StoreKind.tested)
    func killedWriters(_ store: StoreKind) async throws {
        let site = try Site(store)
        let crowd = Crowd(site: site)
        try await crowd.createSharedRun()
        let notes = try await crowd.write(seconds: 10)
        try await CrowdAudit(store: site.open(), notes: notes).check(store)
    }
}

/// The writers, and the files with what was acknowledged to them.
private struct Crowd {
    static let writers = 8
    let site: Site

    func createSharedRun() async throws {
        let store = try await site.open()
        let now = SystemWallClock().now()
        try await store.createRun(RunID("shared"), .created(.sample(at: now)), at: now)
        try await store.close()
    }

    /// - Returns: the lines that all writers noted.
    func write(seconds: Int) async throws -> [String] {
        var names: [String] = []
        try await onOwnThread {
            var random = SystemRandomNumberGenerator()
            var programs = try (0..<Self.writers).map { try start("writer-\($0)", &names) }
            for second in 0..<seconds {
                sleep(1)
                let victim = Int.random(in: 0..<Self.writers, using: &random)
                programs[victim].send(SIGKILL)
                #expect(try programs[victim].wait().status == 128 + SIGKILL)
                programs[victim] = try start("writer-\(Self.writers + second)", &names)
            }
            try site.write("", to: "stop")
            for program in programs {
                let end = try program.wait()
                #expect(end.status == 0, "\(end.error)")
            }
        }
        return try names.flatMap { try site.lines("\($0).log") }
    }

    private func start(_ name: String, _ names: inout [String]) throws -> Program {
        names.append(name)
        return try Program(
            [site.store, name, "\(site.path)/\(name).log", "\(site.path)/stop"], in: site.path, program: Program.writer)
    }
}

/// Holds what was acknowledged against what the store has.
private struct CrowdAudit {
    let store: any Store
    private var acknowledged: [RunID: [Int64: String]] = [:]
    /// Whose deletion was asked for; true: and acknowledged.
    private var deletions: [RunID: Bool] = [:]
    private var commits = 0

    init(store: any Store, notes: [String]) throws {
        self.store = store
        for note in notes {
            let words = note.split(separator: " ").map(String.init)
            // The last line of who was killed may be cut off.
            guard words.count == 3, let sequence = Int64(words[1]) else { continue }
            let run = try RunID(words[0])
            switch words[2] {
            case "deleting": deletions[run] = false
            case "deleted": deletions[run] = true
            default:
                acknowledged[run, default: [:]][sequence] = words[2]
                commits += 1
            }
        }
    }

    func check(_ kind: StoreKind) async throws {
        var events = 0
        for (run, marks) in acknowledged {
            guard let history = try await history(of: run) else {
                #expect(deletions[run] != nil, "\(run) is lost")
                continue
            }
            #expect(deletions[run] != true, "\(run) was deleted and is there")
            events += history.count
            #expect(history.map(\.sequence) == Array(1...Int64(history.count)), "\(run) has a gap or a repeat")
            for (sequence, mark) in marks {
                #expect(history.count >= sequence, "\(run) lost event \(sequence)")
                guard history.count >= sequence else { continue }
                #expect(history[Int(sequence) - 1].payload.mark == mark, "\(run): event \(sequence) is another one")
            }
            let found = history.compactMap(\.payload.mark)
            #expect(Set(found).count == found.count, "\(run) has an event twice")
        }
        try await checkFeed()
        let report = try await store.verify()
        #expect(report.findings == [])
        try await store.close()
        #expect(commits > 100)
        print("\(kind): \(commits) acknowledged commits of 8 processes, \(acknowledged.count) runs, \(events) events")
    }

    private func history(of run: RunID) async throws -> [Event]? {
        do { return try await store.events(of: .run(run)) } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    private func checkFeed() async throws {
        var last: [HistoryID: Int64] = [:]
        var page = try await store.feed(FeedQuery(.beginning))
        var position = FeedPosition(rawValue: .min)
        while !page.entries.isEmpty {
            for entry in page.entries {
                #expect(entry.position > position, "the feed repeats \(entry.position)")
                position = entry.position
                guard let event = entry.event else { continue }
                let before = last[entry.history]
                #expect(before == nil || event.sequence == (before ?? 0) + 1, "\(entry.history): the feed has a gap")
                last[entry.history] = event.sequence
            }
            page = try await store.feed(FeedQuery(.after(page.next)))
        }
    }
}

extension EventPayload {
    /// What a writer notes of it.
    fileprivate var mark: String? {
        switch self {
        case .stepCompleted(let step): step.task.rawValue
        case .signalled(let name, _): name
        case .finished: "finished"
        default: nil
        }
    }
}
