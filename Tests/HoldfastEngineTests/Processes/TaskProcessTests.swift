import Foundation
import Glibc
import Holdfast
import Testing

@testable import HoldfastEngine

@Suite("One try of a task as a process")
struct TaskProcessTests {
    let scratch = Scratch()

    // MARK: - How it ends

    @Test("an exit code is reported as such", arguments: [0, 1, 7, 255] as [Int32])
    func exitCode(_ code: Int32) async {
        let result = await scratch.run("exit \(code)")
        #expect(result.ending == .exited(code: code))
        #expect(result.succeeded == (code == 0))
        #expect(result.problems == [])
    }

    @Test("a signal from elsewhere is no exit code")
    func signal() async {
        #expect(await scratch.run("kill -9 $$").ending == .signalled(SIGKILL))
        #expect(await scratch.run("kill -TERM $$").ending == .signalled(SIGTERM))
    }

    @Test("the shell stops at the first failing command and at an unset variable")
    func shellOptions() async throws {
        #expect(await scratch.run("false; echo reached").ending == .exited(code: 1))
        #expect(await scratch.run("echo \"$NOT_SET_ANYWHERE\"").ending == .exited(code: 2))
        #expect(try !scratch.text(at: scratch.log.output).contains("reached"))
    }

    @Test("pid, start and end are reported")
    func times() async throws {
        let before = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let result = await scratch.run("echo $$; sleep 0.05")
        #expect(result.lastOutputLine == .line("\(try #require(result.processID))"))
        #expect(result.startedAt >= before)
        #expect(result.endedAt - result.startedAt >= .milliseconds(50))
    }

    @Test("the leader has a process group of its own, an empty standard input and no other open files")
    func surroundings() async {
        let script = "set -- $(cat /proc/$$/stat); test $5 -eq $$; test -z \"$(cat)\"; ls /proc/$$/fd | tr '\\n' ' '"
        let result = await scratch.run(script)
        #expect(result.ending == .exited(code: 0))
        #expect(result.lastOutputLine == .line("0 1 2"))
    }

    // MARK: - Environment, working directory, lookup

    @Test("it sees the inherited environment, what is set on top, and its try token")
    func environment() async throws {
        setenv("HOLDFAST_TEST_INHERITED", "inherited", 1)
        setenv("HOLDFAST_TEST_REMOVED", "removed", 1)
        let token = TryToken()
        let result = await scratch.run(
            "echo \"$HOLDFAST_TEST_INHERITED ${HOLDFAST_TEST_REMOVED-gone} $ADDED $HOLDFAST_TRY_TOKEN $(pwd -P)\""
        ) {
            $0.environment = ["ADDED": "a b=c\nd", "HOLDFAST_TEST_REMOVED": nil]
            $0.tryToken = token
        }
        #expect(result.lastOutputLine == .line("d \(token) \(try #require(realpath(scratch.path)))"))
        #expect(try scratch.text(at: scratch.log.output).hasPrefix("inherited gone a b=c\n"))
    }

    @Test("a command gets its arguments unchanged, without a shell")
    func arguments() async throws {
        let words = ["printf", "%s|", "a b", "$HOME", "", "'\"", "é\n*"]
        let result = await TaskProcess.run(scratch.request(.command(words)))
        #expect(result.ending == .exited(code: 0))
        #expect(try scratch.text(at: scratch.log.output) == "a b|$HOME||'\"|é\n*|")
    }

    @Test("a command is looked up in the PATH that it will have, relative folders from its working directory")
    func lookup() async throws {
        try scratch.write("#!/bin/sh\necho mine\n", to: "bin/mine")
        chmod(scratch.path + "/bin/mine", 0o755)
        for path in [scratch.path + "/bin:/bin", "bin:/usr/bin", "./bin"] {
            var request = scratch.request(.command(["mine"]))
            request.environment["PATH"] = path
            #expect(await TaskProcess.run(request).lastOutputLine == .line("mine"), "PATH=\(path)")
        }
        #expect(await TaskProcess.run(scratch.request(.command(["bin/mine"]))).lastOutputLine == .line("mine"))
    }

    // MARK: - Logs

    @Test("output and error are two logs that only their owner may read")
    func logs() async throws {
        _ = await scratch.run("echo out; echo err >&2")
        #expect(try scratch.text(at: scratch.log.output) == "out\n")
        #expect(try scratch.text(at: scratch.log.error) == "err\n")
        #expect(scratch.mode(scratch.log.output) == 0o600)
        #expect(scratch.mode(scratch.log.error) == 0o600)
        #expect(scratch.mode(scratch.log.folder) == 0o700)
    }

    @Test("the processes append: two that write at once lose nothing")
    func appending() async throws {
        _ = await scratch.run("for p in a b; do (for i in $(seq 200); do echo $p$i; done) & done; wait")
        let lines = try scratch.text(at: scratch.log.output).split(separator: "\n")
        #expect(Set(lines).count == 400 && lines.count == 400)
    }

    @Test(
        "the last line that is not blank is reported, complete or not",
        arguments: [
            ("echo one; echo two", LogTail.LastLine.line("two")), ("printf 'one\\ntwo'", .line("two")),
            ("echo value; echo; echo '   '", .line("value")), (":", .none), ("printf 'x\\r\\n'", .line("x")),
            ("head -c 1048577 /dev/zero | tr '\\0' x; echo", .tooLong), ("printf 'a\\377b'", .line("a\u{FFFD}b")),
        ])
    func lastLine(_ script: String, _ line: LogTail.LastLine) async {
        #expect(await scratch.run(script).lastOutputLine == line)
    }

    @Test("a last line of one MiB is reported whole")
    func longLine() async {
        let result = await scratch.run("echo short; head -c 1048576 /dev/zero | tr '\\0' x; echo")
        let isWhole = result.lastOutputLine == .line(String(repeating: "x", count: 1 << 20))
        #expect(isWhole)
    }

    @Test("a failure comes with the last 20 lines, those of the error last; a success with none")
    func tail() async {
        let failed = await scratch.run("seq 100; seq 201 203 >&2; exit 1")
        #expect(failed.logTail == (84...100).map(String.init) + ["201", "202", "203"])
        #expect(await scratch.run("exit 1").logTail.count == 20)
        #expect(await scratch.run("echo fine").logTail == [])
    }

    // MARK: - What can't start

    @Test("what can't start says why, in a sentence")
    func cannotStart() async throws {
        try scratch.write("text", to: "plain")
        try scratch.write("#!/no/such/interpreter -x\n", to: "script")
        try scratch.write("no program", to: "junk")
        for name in ["script", "junk"] { chmod("\(scratch.path)/\(name)", 0o755) }
        let cases: [([String], String)] = [
            (["no-such-command-here"], #"the command "no-such-command-here" is not in any folder of PATH"#),
            (["./missing"], #""./missing" does not exist"#), ([scratch.path], "is a folder, not a program"),
            (["./plain"], "may not be executed: give it execute permission"), ([], "the command is empty"),
            (["./script"], #"its interpreter "/no/such/interpreter" is missing"#),
            (["./junk"], "is neither a program nor a script with a #! line"),
            (["echo", "a\0b"], "holds a NUL character"),
            (["echo", String(repeating: "x", count: 200_000)], "larger than the system allows"),
        ]
        for (words, reason) in cases {
            let result = await TaskProcess.run(scratch.request(.command(words)))
            expectNotStarted(result, reason)
        }
    }

    @Test("a working directory that can't be used is named")
    func workingDirectory() async throws {
        try scratch.write("text", to: "plain")
        for (folder, reason) in [("missing", "does not exist"), ("plain", "is not a folder")] {
            let path = scratch.path + "/" + folder
            let result = await scratch.run(":") { $0.workingDirectory = path }
            expectNotStarted(result, "the working directory \"\(path)\" \(reason)")
        }
    }

    @Test("a variable that can't be set is named, its value is not")
    func badEnvironment() async {
        expectNotStarted(
            await scratch.run(":") { $0.environment["KEY"] = "hid\0den" }, "the environment variable KEY holds")
        for name in ["", "A=B", "1A"] {
            expectNotStarted(await scratch.run(":") { $0.environment[name] = "x" }, "can't be the name")
        }
    }

    @Test("a log that can't be made keeps the task from starting")
    func logFolder() async throws {
        try scratch.write("", to: "logs")
        expectNotStarted(await scratch.run("touch $SCRATCH/ran"), "no log can be written")
        #expect(!scratch.exists(scratch.path + "/ran"))
    }

    private func expectNotStarted(
        _ result: TaskProcessResult, _ reason: String, _ location: SourceLocation = #_sourceLocation
    ) {
        guard case .couldNotStart(let said) = result.ending else {
            Issue.record("ended with \(result.ending)", sourceLocation: location)
            return
        }
        #expect(said.contains(reason) && !said.contains("hid"), "\(said)", sourceLocation: location)
        #expect(result.processID == nil && !result.succeeded, sourceLocation: location)
    }
}

private func realpath(_ path: String) -> String? {
    guard let resolved = Glibc.realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
}
