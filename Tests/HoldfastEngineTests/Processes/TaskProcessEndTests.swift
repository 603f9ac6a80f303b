import Glibc
import Holdfast
import Testing

@testable import HoldfastEngine

@Suite("Timeouts, cancels and what a task leaves behind")
struct TaskProcessEndTests {
    let scratch = Scratch()

    @Test("the timeout ends the whole group with SIGTERM")
    func timeout() async throws {
        let result = await scratch.run("sleep 600 & echo $! > child; trap 'echo asked >> log; exit 0' TERM; wait") {
            $0.timeout = .milliseconds(700)
        }
        #expect(result.ending == .timedOut)
        #expect(result.endedAt - result.startedAt < .seconds(300))
        #expect(try scratch.text("log") == "asked\n")
        #expect(isGone(try await scratch.awaitedProcess("child")))
    }

    @Test("what ends before its timeout is not touched by it")
    func withinTimeout() async {
        #expect(await scratch.run("exit 3") { $0.timeout = .seconds(60) }.ending == .exited(code: 3))
    }

    @Test("who ignores SIGTERM is killed after the grace period, grandchildren too")
    func stubborn() async throws {
        let script = "trap '' TERM; sh -c 'echo $$ > child; while :; do sleep 1; done' & while :; do sleep 1; done"
        let result = await scratch.run(script) {
            $0.timeout = .milliseconds(700)
            $0.gracePeriod = .milliseconds(200)
        }
        #expect(result.ending == .timedOut)
        #expect(result.endedAt - result.startedAt >= .milliseconds(900))
        #expect(isGone(try await scratch.awaitedProcess("child")))
    }

    @Test("a grandchild that ignores SIGTERM dies even when the leader obeyed it")
    func stubbornGrandchild() async throws {
        let script = "sh -c 'trap \"\" TERM; echo $$ > child; while :; do sleep 1; done' & wait"
        let request = scratch.request(.shell(script))
        let task = Task { await TaskProcess.run(request) }
        let child = try await scratch.awaitedProcess("child")
        task.cancel()
        #expect(await task.value.ending == .cancelled)
        #expect(isGone(child))
    }

    @Test("a cancel ends the group and is told from a timeout")
    func cancel() async throws {
        let request = scratch.request(.shell("echo $$ > leader; sleep 60"))
        let task = Task { await TaskProcess.run(request) }
        let leader = try await scratch.awaitedProcess("leader")
        task.cancel()
        let result = await task.value
        #expect(result.ending == .cancelled)
        #expect(result.processID == leader && isGone(leader))
    }

    @Test("a task that is cancelled already starts nothing")
    func cancelledBefore() async throws {
        let request = scratch.request(.shell("touch ran"))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await TaskProcess.run(request)
        }
        let result = await task.value
        #expect(result.ending == .cancelled && result.processID == nil)
        #expect(!scratch.exists(scratch.path + "/ran"))
    }

    @Test("a task ends when its leader exits; the rest of its group is ended")
    func leftovers() async throws {
        let result = await scratch.run("sleep 600 & echo $! > child; echo done") {
            $0.leftoverGracePeriod = .seconds(30)
        }
        #expect(result.ending == .exited(code: 0) && result.lastOutputLine == .line("done"))
        #expect(result.endedAt - result.startedAt < .seconds(300))
        #expect(isGone(try await scratch.awaitedProcess("child")))
    }

    @Test("what is left and ignores SIGTERM is killed after a short grace")
    func stubbornLeftovers() async throws {
        let script =
            "sh -c 'trap \"\" TERM; echo $$ > child; while :; do sleep 1; done' & while ! test -s child; do :; done"
        let result = await scratch.run(script)
        #expect(result.ending == .exited(code: 0) && result.problems == [])
        #expect(isGone(try await scratch.awaitedProcess("child")))
    }

    @Test("nothing is waited for when nobody is left", .timeLimit(.minutes(5)))
    func noDelay() async {
        let result = await scratch.run(":") { $0.leftoverGracePeriod = .seconds(3600) }
        #expect(result.succeeded)
    }

    @Test("64 run at once, whatever the width of the thread pool", .timeLimit(.minutes(5)))
    func atOnce() async throws {
        // Each waits until all have come.
        let meeting = "touch met-$$; while test $(ls | grep -c ^met-) -lt 64; do sleep 0.05; done"
        let results = await withTaskGroup(of: TaskProcessResult.self) { group in
            for index in 0..<64 {
                let request = scratch.request(
                    .shell("\(meeting); echo \(index)"), log: TryLog(folder: "\(scratch.path)/\(index)", try: 1))
                group.addTask { await TaskProcess.run(request) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.allSatisfy { $0.succeeded })
        #expect(Set(results.map(\.lastOutputLine)).count == 64)
    }
}

@Suite("Many tries in a row", .serialized)
struct TaskProcessLeakTests {
    @Test("300 in a row leave no file descriptor open")
    func descriptors() async throws {
        let scratch = Scratch()
        var request = scratch.request(.command(["true"]))
        var missing = scratch.request(.command(["no-such-command-here"]))
        missing.masker = try SecretMasker(["S": "secret"])
        _ = await TaskProcess.run(request)
        let before = openFiles(below: scratch.path)
        for index in 0..<300 {
            request.masker = index % 3 == 0 ? missing.masker : .none
            let result = await TaskProcess.run(index % 10 == 9 ? missing : request)
            #expect(result.problems == [])
        }
        #expect(openFiles(below: scratch.path) == before && before == 0)
        #expect(processDescriptors() <= 128)
    }

    /// Other tests run beside this one, so only what belongs to it is counted …
    private func openFiles(below path: String) -> Int { descriptors { $0.hasPrefix(path) } }

    /// … and process descriptors no further than could be theirs.
    private func processDescriptors() -> Int { descriptors { $0.contains("pidfd") } }

    private func descriptors(where matches: (String) -> Bool) -> Int {
        let names = (try? FolderListing.names(in: "/proc/self/fd")) ?? []
        return names.count { name in
            var target = [CChar](repeating: 0, count: 4096)
            let link = "/proc/self/fd/" + String(decoding: name, as: UTF8.self)
            let length = readlink(link, &target, target.count)
            return length > 0
                && matches(String(decoding: target[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
    }
}
