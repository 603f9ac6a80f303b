import Foundation
import Holdfast
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Runs that are interrupted, killed, live or cancelled", .serialized)
struct InterruptionTests {
    /// Waits in its second task until a file is there.
    private static let pipeline = """
        name: waiting
        tasks:
          first: { run: echo first >> ran.txt }
          second: { needs: [first], run: "echo second >> ran.txt; while ! test -e go; do sleep 0.05; done" }
          third: { needs: [second], run: echo third >> ran.txt }
        on_exit: { run: echo exit >> ran.txt }

        """

    private func started(_ store: StoreKind) async throws -> (Folder, RunningCommand) {
        let folder = try Folder(store)
        try folder.write(Self.pipeline, to: "a.yaml")
        let run = try RunningCommand(["run", "a.yaml", "--run-id", "r"], in: folder)
        try await eventually("the second task runs") { try folder.lines("ran.txt").count == 2 }
        return (folder, run)
    }

    @Test(
        "The first signal leaves the run interrupted, ends with 130 and tells how to go on",
        arguments: StoreKind.tested, [SIGINT, SIGTERM, SIGHUP])
    func signal(_ store: StoreKind, _ number: Int32) async throws {
        let (folder, run) = try await started(store)
        run.signal(number)
        let result = try await run.result()
        #expect(result.status == 130 && result.error.contains("holdfast resume r"))
        #expect(try await folder.show("r")["state"] == "interrupted")
        #expect(try await folder.holdfast("runs", "--resumable").output.contains("interrupted"))
        try folder.write("", to: "go")
        #expect(try await folder.holdfast("resume", "r").status == 0)
        #expect(try folder.lines("ran.txt") == ["first", "second", "second", "third", "exit"])
    }

    @Test(
        "A second signal stops at once, whatever the tasks do, and leaves no process of theirs",
        arguments: StoreKind.tested)
    func secondSignal(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(
            """
            name: a
            tasks:
              stubborn: { run: "trap '' TERM; echo $$ > pid; while ! test -e go; do sleep 0.05; done" }
              daemon:
                run: |
                  setsid sh -c 'trap "" TERM; while ! test -e go; do sleep 0.05; done' &
                  echo $! > daemon.pid
                  trap '' TERM
                  while ! test -e go; do sleep 0.05; done

            """, to: "a.yaml")
        let run = try folder.start("run", "a.yaml", "--run-id", "r")
        try await eventually("the tasks run") {
            try folder.lines("pid").count == 1 && folder.lines("daemon.pid").count == 1
        }
        run.signal(SIGINT)
        run.signal(SIGTERM)
        #expect(try await run.result().status == 130)
        for file in ["pid", "daemon.pid"] {
            let process = try #require(try folder.lines(file).first)
            try await eventually("\(file) is gone") { !Self.isAlive(process) }
        }
        let state = try await folder.show("r")
        #expect(state["state"] == "interrupted")
        #expect(state["tasks"]?.arrayValue?.map { $0["state"] } == ["running", "running"])
        try folder.write("", to: "go")
        #expect(try await folder.holdfast("resume", "r").status == 0)
    }

    /// Who is dead and not collected has no command line any more.
    private static func isAlive(_ process: String) -> Bool {
        FileManager.default.contents(atPath: "/proc/\(process)/cmdline").map { !$0.isEmpty } ?? false
    }

    @Test(
        "Following an interrupted run says that nobody is at it, and goes on when it is resumed",
        arguments: StoreKind.tested)
    func followInterrupted(_ store: StoreKind) async throws {
        let (folder, run) = try await started(store)
        let events = try folder.start("events", "r", "--follow")
        let logs = try folder.start("logs", "r", "--follow")
        run.signal(SIGKILL)
        _ = try await run.result()
        for following in [events, logs] {
            try await eventually("it is told") { try following.error().contains("waiting for holdfast resume r") }
        }
        try folder.write("", to: "go")
        #expect(try await folder.holdfast("resume", "r").status == 0)
        let followed = try await events.result()
        #expect(followed.status == 0 && followed.output.contains("finished"))
        #expect(try await logs.result().status == 0)
    }

    @Test("After kill -9 the run is shown as interrupted at once, and resumes", arguments: StoreKind.tested)
    func killed(_ store: StoreKind) async throws {
        let (folder, run) = try await started(store)
        run.signal(SIGKILL)
        #expect(try await run.result().status == 128 + SIGKILL)
        #expect(try await folder.holdfast("runs", "--state", "interrupted").output.contains("r "))
        try folder.write("", to: "go")
        #expect(try await folder.holdfast("resume", "r").status == 0)
        #expect(try folder.lines("ran.txt") == ["first", "second", "second", "third", "exit"])
        #expect(try await folder.holdfast("verify").status == 0)
    }

    @Test("A live run is refused to resume and delete, by whom and until when", arguments: StoreKind.tested)
    func live(_ store: StoreKind) async throws {
        let (folder, run) = try await started(store)
        for arguments in [["resume", "r"], ["delete", "r"]] {
            let result = try await folder.holdfast(all: arguments)
            #expect(result.status == 2 && result.error.contains("process \(run.processID)"), "\(result.error)")
            #expect(result.error.contains(/until \d{4}-/), "\(result.error)")
        }
        try folder.write("", to: "go")
        #expect(try await run.result().status == 0)
    }

    @Test("A live run is cancelled by its worker, which ends with 1; on_exit still runs", arguments: StoreKind.tested)
    func cancelLive(_ store: StoreKind) async throws {
        let (folder, run) = try await started(store)
        let cancel = try await folder.holdfast("cancel", "r", "--reason", "enough")
        #expect(cancel.status == 0 && cancel.output == "run r is cancelled\n")
        #expect(try await run.result().status == 1)
        #expect(try folder.lines("ran.txt") == ["first", "second", "exit"])
        #expect(try await folder.holdfast("cancel", "r").output.contains("has ended already: cancelled"))
    }

    @Test(
        "A signal ends the on_exit of a cancel without a worker; another cancel runs it again",
        arguments: StoreKind.tested)
    func interruptedCancel(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(
            """
            name: a
            tasks:
              t: { run: "echo t >> ran.txt; while ! test -e go; do sleep 0.05; done" }
            on_exit: { run: "echo $$ > pid; while ! test -e go; do sleep 0.05; done; echo exit >> ran.txt" }

            """, to: "a.yaml")
        let run = try folder.start("run", "a.yaml", "--run-id", "r")
        try await eventually("the task runs") { try folder.lines("ran.txt").count == 1 }
        run.signal(SIGKILL)
        _ = try await run.result()
        let cancel = try folder.start("cancel", "r")
        try await eventually("the hook runs") { try folder.lines("pid").count == 1 }
        cancel.signal(SIGTERM)
        let result = try await cancel.result()
        #expect(result.status == 130 && result.error.contains("holdfast cancel r"), "\(result.error)")
        #expect(!Self.isAlive(try #require(try folder.lines("pid").first)))
        #expect(try await folder.show("r")["state"] == "interrupted")
        try folder.write("", to: "go")
        #expect(try await folder.holdfast("cancel", "r").output == "run r is cancelled\n")
        #expect(try folder.lines("ran.txt") == ["t", "exit"])
    }

    @Test("A task of a live run is marked by its worker", arguments: StoreKind.tested)
    func markLive(_ store: StoreKind) async throws {
        let (folder, run) = try await started(store)
        let mark = try await folder.holdfast("mark", "r", "second", "success")
        #expect(mark.status == 0 && mark.output.contains("was asked"))
        #expect(try await run.result().status == 0)
        #expect(try folder.lines("ran.txt") == ["first", "second", "third", "exit"])
    }

    @Test("Logs and events are followed until the run has ended", arguments: StoreKind.tested)
    func follow(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(
            "name: a\ntasks: { t: { run: \"echo one; while ! test -e go; do sleep 0.05; done; echo two\" } }\n",
            to: "a.yaml")
        let run = try folder.start("run", "a.yaml", "--run-id", "r")
        try await eventually("the run is there") { try await folder.holdfast("show", "r").status == 0 }
        let logs = try folder.start("logs", "r", "--follow")
        let events = try folder.start("events", "r", "--follow")
        try await eventually("the first line is followed") { try logs.output() == "t │ one\n" }
        try folder.write("", to: "go")
        #expect(try await logs.result().output == "t │ one\nt │ two\n")
        #expect(try await events.result().output.contains("finished"))
        #expect(try await run.result().status == 0)
    }

    @Test("A reader of the output that goes away does not end the run", arguments: StoreKind.tested)
    func brokenPipe(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write("name: a\ntasks: { t: { run: \"sleep 0.3; echo x >> ran.txt\" } }\n", to: "a.yaml")
        try folder.write(
            "name: outer\ntasks: { t: { run: \"'\(Command.path)' run a.yaml --run-id r | head -n 1\" } }\n",
            to: "outer.yaml")
        try await folder.holdfast("run", "outer.yaml")
        try await eventually("the run ends") { try await folder.show("r")["state"] == "success" }
        #expect(try folder.lines("ran.txt") == ["x"])
    }
}
