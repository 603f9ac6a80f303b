import Foundation
import Holdfast
import Testing

@Suite("A worker that was only paused")
struct PausedWorkerTests {
    static let pipeline = """
        name: paused
        tasks:
          first: { run: echo first >> lines }
          second:
            needs: [first]
            run: |
              echo "$HOLDFAST_TRY" >> seconds
              if [ "$HOLDFAST_TRY" = 1 ]; then sleep 60; fi
              echo second >> lines
          third: { needs: [second], run: echo third >> lines }
        """

    @Test(
        "finds its next commit refused and stops, when another has taken over", .timeLimit(.minutes(2)),
        arguments: StoreKind.tested)
    func fenced(_ store: StoreKind) async throws {
        try await onOwnThread {
            let site = try Site(store)
            try site.write(Self.pipeline, to: "paused.yaml")
            let paused = try site.start(["run", "paused.yaml", "--run-id", "p", "--lease", "2s"])
            try eventually("the second task runs") { try site.lines("seconds") == ["1"] }
            paused.send(SIGSTOP)

            let early = try site.holdfast("resume", "p", "--lease", "2s")
            #expect(early.status == 2, "\(early.error)")
            try eventually("its lease ends and another takes over") {
                try site.holdfast("resume", "p", "--lease", "2s").status == 0
            }
            #expect(try site.lines("lines") == ["first", "second", "third"])
            let events = try site.events(of: "p")

            paused.send(SIGCONT)
            let end = try paused.wait()
            #expect(end.status == 2, "\(end.error)")
            #expect(end.error.contains("lease"), "\(end.error)")
            #expect(try site.events(of: "p") == events)
            #expect(try site.lines("seconds") == ["1", "2"])
            #expect(try site.holdfast("verify").status == 0)
        }
    }
}
