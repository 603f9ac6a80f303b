import Foundation
import Holdfast
import Testing

/// Each fault begins while the second of three tasks works, so that its checkpoint meets it.
@Suite("A disk that fails", .serialized)
struct DiskFaultTests {
    private static func pipeline(_ breaking: String) -> String {
        """
        name: faulty
        tasks:
          first: { run: echo first >> lines }
          second:
            needs: [first]
            run: |
              echo second >> lines
              if [ "$HOLDFAST_TRY" = 1 ]; then \(breaking); fi
          third: { needs: [second], run: echo third >> lines }
        """
    }

    @Test(
        "the command says what happened and exits with 3; the run goes on once the disk works, and nothing acknowledged is lost",
        .timeLimit(.minutes(2)),
        arguments: StoreKind.tested,
        [
            ("fsync", ["write to the disk failed"]), ("full", ["full", "No space"]), ("readonly", ["ead-only"]),
        ])
    func injected(store: StoreKind, fault: (name: String, words: [String])) async throws {
        let (fault, words) = fault
        try await onOwnThread {
            let site = try Site(store)
            let shim = try FaultShim(site)
            // A read-only folder is met when it is opened.
            let breaking = fault == "readonly" ? "exit 1" : "echo \(fault) > '\(shim.trigger)'"
            try site.write(Self.pipeline(breaking), to: "faulty.yaml")
            var broken = try site.holdfast(
                "run", "faulty.yaml", "--run-id", "f", "--lease", "2s", environment: shim.environment)
            if fault == "readonly" {
                #expect(broken.status == 1, "\(broken.error)")
                try site.write(fault, to: "fault")
                broken = try site.holdfast("resume", "f", environment: shim.environment)
            }
            expect(broken, says: words)
            let acknowledged = try site.events(of: "f")
            try shim.turnOff()
            try expectGoesOn("f", at: site, after: acknowledged)
        }
    }

    @Test(
        "a file system without space: what is acknowledged stays, and the run goes on when there is space",
        .enabled(if: SmallDisk.canBeMade, "this user can't mount a tmpfs"), .timeLimit(.minutes(2)),
        arguments: StoreKind.tested)
    func fullFileSystem(store: StoreKind) async throws {
        try await onOwnThread {
            let site = try Site(store)
            guard let disk = SmallDisk(megabytes: 2, at: site) else {
                Issue.record("no tmpfs can be mounted")
                return
            }
            try site.write(Self.pipeline("cat /dev/zero > '\(site.storeFolder)/filler' || true"), to: "faulty.yaml")
            let broken = try site.holdfast("run", "faulty.yaml", "--run-id", "f")
            expect(broken, says: ["full", "No space"])
            let acknowledged = try site.events(of: "f")
            try disk.remount("size=64m")
            try expectGoesOn("f", at: site, after: acknowledged)
        }
    }

    @Test(
        "a read-only file system is named, and its history can still be read",
        .enabled(if: SmallDisk.canBeMade, "this user can't mount a tmpfs"), .timeLimit(.minutes(2)),
        arguments: StoreKind.tested)
    func readOnlyFileSystem(store: StoreKind) async throws {
        try await onOwnThread {
            let site = try Site(store)
            guard let disk = SmallDisk(megabytes: 16, at: site) else {
                Issue.record("no tmpfs can be mounted")
                return
            }
            try site.write(Self.pipeline("exit 1"), to: "faulty.yaml")
            #expect(try site.holdfast("run", "faulty.yaml", "--run-id", "f").status == 1)
            try disk.remount("ro")
            expect(try site.holdfast("resume", "f"), says: ["ead-only"])
            try disk.remount("rw")
            try expectGoesOn("f", at: site, after: try site.events(of: "f"))
        }
    }

    private func expect(_ end: Program.End, says words: [String]) {
        #expect(end.status == 3, "exit \(end.status): \(end.error)")
        #expect(words.contains { end.error.contains($0) }, "\(end.error)")
    }

    private func expectGoesOn(_ run: String, at site: Site, after acknowledged: [JSONValue]) throws {
        #expect(acknowledged.contains { $0["type"] == "task_finished" && $0["task"] == "first" })
        let end = try site.holdfast("resume", run)
        #expect(end.status == 0, "\(end.error)")
        #expect(try site.events(of: run).prefix(acknowledged.count) == acknowledged[...])
        #expect(try site.lines("lines").filter { $0 == "first" } == ["first"])
        #expect(try site.lines("lines").suffix(2) == ["second", "third"])
        let verified = try site.holdfast("verify")
        #expect(verified.status == 0, "\(verified.output)\(verified.error)")
    }
}
