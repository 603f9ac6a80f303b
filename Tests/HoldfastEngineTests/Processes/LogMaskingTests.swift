import Glibc
import Holdfast
import Testing

@testable import HoldfastEngine

@Suite("Logs of tasks with secrets")
struct LogMaskingTests {
    let scratch = Scratch()
    let masker: SecretMasker

    init() throws { masker = try SecretMasker(["TOKEN": "s3cret-token", "KEY": "two\nlines"]) }

    @Test("both logs are masked and no raw file stays")
    func run() async throws {
        let masker = masker
        let result = await scratch.run("echo \"a $TOKEN\"; printf 'two\\nlines\\n'; echo \"e $TOKEN\" >&2; exit 1") {
            $0.masker = masker
            $0.environment["TOKEN"] = "s3cret-token"
        }
        #expect(try scratch.text(at: scratch.log.output) == "a ***\n***\n")
        #expect(try scratch.text(at: scratch.log.error) == "e ***\n")
        #expect(result.logTail == ["a ***", "***", "e ***"] && result.problems == [])
        #expect(result.lastOutputLine == .line("***"))
        #expect(!scratch.exists(scratch.log.rawOutput) && !scratch.exists(scratch.log.rawError))
        #expect(scratch.mode(scratch.log.output) == 0o600)
    }

    @Test("the masked log grows while the task runs, beside a raw one that only its owner may read")
    func follow() async throws {
        var request = scratch.request(
            .shell("echo before s3cret-token; until test -e go; do sleep 0.02; done; echo after"))
        request.masker = masker
        let running = Task { [request] in await TaskProcess.run(request) }
        try await eventually { (try? scratch.text(at: scratch.log.output)) == "before ***\n" }
        #expect(scratch.mode(scratch.log.rawOutput) == 0o600)
        try scratch.write("", to: "go")
        #expect(await running.value.ending == .exited(code: 0))
        #expect(try scratch.text(at: scratch.log.output) == "before ***\nafter\n")
    }

    @Test("a secret is masked across the boundary of a read")
    func boundaries() async throws {
        let size = LogMasking.chunkSize - 5
        let masker = masker
        let result = await scratch.run("head -c \(size) /dev/zero | tr '\\0' x; echo s3cret-token") {
            $0.masker = masker
        }
        #expect(result.succeeded)
        #expect(try scratch.text(at: scratch.log.output) == String(repeating: "x", count: size) + "***\n")
    }

    @Test(
        "what a dead worker left is masked from where it stopped, and removed",
        arguments: ["", "a ", "a *** b", "a *** b ***\n"])
    func takeover(_ masked: String) async throws {
        try scratch.write("a s3cret-token b s3cret-token\n", to: "logs/3.log.raw")
        try scratch.write("err two\nlines", to: "logs/3.err.log.raw")
        try scratch.write(masked, to: "logs/3.log")
        for _ in 0..<2 { try await LogMasking.finish(folder: scratch.path + "/logs", with: masker) }
        #expect(try scratch.text("logs/3.log") == "a *** b ***\n")
        #expect(try scratch.text("logs/3.err.log") == "err ***")
        #expect(
            !scratch.exists(scratch.path + "/logs/3.log.raw") && !scratch.exists(scratch.path + "/logs/3.err.log.raw"))
    }

    @Test("with other secrets than before, nothing more is shown", arguments: [true, false])
    func changedSecrets(_ hasSecrets: Bool) async throws {
        try scratch.write("old: 0ld-secret\nmore 0ld-secret\n", to: "logs/1.log.raw")
        try scratch.write("old: ***\n", to: "logs/1.log")
        try await LogMasking.finish(folder: scratch.path + "/logs", with: hasSecrets ? masker : .none)
        let log = try scratch.text("logs/1.log")
        #expect(log.hasPrefix("old: ***\n[the rest of this log was dropped") && !log.contains("0ld-secret"))
        #expect(!scratch.exists(scratch.path + "/logs/1.log.raw"))
    }

    @Test("a folder without leftovers, or no folder, is fine")
    func nothingLeft() async throws {
        try scratch.write("done\n", to: "logs/1.log")
        try await LogMasking.finish(folder: scratch.path + "/logs", with: masker)
        try await LogMasking.finish(folder: scratch.path + "/none", with: masker)
        #expect(try scratch.text("logs/1.log") == "done\n")
    }

    @Test("a log that can't be masked is a problem of the try, and the raw one stays for later")
    func unwritable() async throws {
        try scratch.write("", to: "logs/1.log/in-the-way")
        let masker = masker
        let result = await scratch.run("echo s3cret-token") { $0.masker = masker }
        #expect(result.ending == .exited(code: 0) && !result.succeeded)
        #expect(result.problems.count == 1 && result.problems[0].contains("the log is incomplete"))
        #expect(scratch.exists(scratch.log.rawOutput))
    }
}
