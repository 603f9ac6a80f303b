import Foundation
import Holdfast
import HoldfastTesting
import Testing

/// The seed comes from `HOLDFAST_CRASH_SEED`, else it is drawn; it is printed, so that a failure can be had again.
@Suite("Workers killed at random moments", .serialized)
struct KillTests {
    /// The second store is killed less often, as it shares the engine with the first.
    static func kills(_ store: StoreKind) -> Int {
        let wanted = ProcessInfo.processInfo.environment["HOLDFAST_CRASH_KILLS"].flatMap(Int.init) ?? 200
        return store == .sqlite ? wanted : wanted / 2
    }

    @Test(
        "what has a checkpoint runs once, what was in flight runs again, the run ends as a success",
        .timeLimit(.minutes(10)), arguments: StoreKind.tested)
    func oneWorker(_ store: StoreKind) async throws {
        try await onOwnThread { try Killing(store, workers: 1).run() }
    }

    @Test(
        "of two that resume a run at once one wins and the other is refused", .timeLimit(.minutes(10)),
        arguments: StoreKind.tested)
    func twoWorkers(_ store: StoreKind) async throws {
        try await onOwnThread { try Killing(store, workers: 2).run() }
    }
}

/// Runs one pipeline after the other, kills its workers again and again, and goes on until each is a success.
private struct Killing {
    let store: StoreKind
    let workers: Int
    let seed: UInt64
    let site: Site
    private var random: SeededGenerator
    private var kills = 0
    private var refusals = 0
    private var ranAgain = 0

    init(_ store: StoreKind, workers: Int) throws {
        self.store = store
        self.workers = workers
        seed =
            ProcessInfo.processInfo.environment["HOLDFAST_CRASH_SEED"].flatMap(UInt64.init) ?? .random(in: 1...999_999)
        random = SeededGenerator(seed: seed)
        site = try Site(store)
        try site.write(LinePipeline.yaml, to: "lines.yaml")
    }

    func run() throws {
        var killing = self
        print("\(store): killing with \(workers) at once: seed \(seed)")
        var runs = 0
        while killing.kills < KillTests.kills(store) {
            try killing.carryOut("run-\(runs)")
            runs += 1
        }
        #expect(try site.lines("overlaps") == [])
        let verified = try site.holdfast("verify")
        #expect(verified.status == 0, "\(verified.output)\(verified.error)")
        if workers > 1 {
            #expect(killing.refusals > 0)
        } else {
            #expect(killing.refusals * 20 <= killing.kills)
        }
        print(
            "\(store): killing with \(workers) at once: seed \(seed), \(killing.kills) kills over \(runs) runs,",
            "\(killing.ranAgain) tasks ran again, \(killing.refusals) workers refused")
    }

    private mutating func carryOut(_ run: String) throws {
        var exists = false
        var killsHere = 0
        while true {
            let arguments = exists ? ["resume", run] : ["run", "lines.yaml", "--run-id", run]
            let programs = try (0..<(exists ? workers : 1)).map { _ in try site.start(arguments) }
            usleep(UInt32.random(in: 2_000...250_000, using: &random))
            var ends: [Program.End] = []
            for program in programs {
                program.send(SIGKILL)
                ends.append(try program.wait())
            }
            killsHere += ends.count { $0.status == 128 + SIGKILL }
            refusals += ends.count { $0.status == 2 && exists }
            for end in ends { expectKnown(end, run, exists: exists) }
            if ends.contains(where: { $0.status == 0 }) { break }
            // A run that exists already is refused by `run`: then the kill came after its creation.
            if !exists, try site.holdfast("show", run).status == 0 { exists = true }
        }
        kills += killsHere
        #expect(try site.state(of: run) == "success")
        let audit = try RunAudit(run, at: site)
        audit.check()
        #expect(audit.ranAgain <= killsHere * LinePipeline.parallel)
        ranAgain += audit.ranAgain
    }

    /// Killed, done, or refused as the run is live: next to another worker often, by itself hardly ever. A killed worker's lock lives as
    /// long as a child of it that the kernel has not let come to its `exec` yet.
    private func expectKnown(_ end: Program.End, _ run: String, exists: Bool) {
        if end.status == 2, exists {
            #expect(end.error.contains("live") || end.error.contains("held"), "\(run): \(end.error)")
        } else {
            #expect(end.status == 0 || end.status == 128 + SIGKILL, "\(run): exit \(end.status): \(end.error)")
        }
    }
}
