import Glibc
import Holdfast
import Synchronization
import Testing

@testable import HoldfastEngine

@Suite("Reading logs")
struct LogReadingTests {
    let scratch = Scratch()

    @Test("logs lie below their run and task; a map index is a folder")
    func layout() throws {
        let run = try RunID("run-1")
        let task = try TaskID("shards")
        let log = TryLog(root: "/s/logs", run: run, task: task, mapIndex: nil, try: 2)
        #expect(log.output == "/s/logs/run-1/shards/2.log" && log.error == "/s/logs/run-1/shards/2.err.log")
        #expect(log.rawOutput == log.output + ".raw" && log.rawError == log.error + ".raw")
        #expect(TryLog(root: "l", run: run, task: task, mapIndex: 7, try: 1).output == "l/run-1/shards/7/1.log")
    }

    @Test("the last lines come whole, with or without a line ending at the end")
    func lastLines() throws {
        for (text, count, expected) in [
            ("a\nb\nc\n", 2, ["b", "c"]), ("a\nb\nc", 2, ["b", "c"]), ("a\n", 5, ["a"]), ("", 5, []),
            ("\n\n", 5, ["", ""]),
            ("a\r\nb\r\n", 1, ["b"]), ("a\nb", 0, []), ("a\nb\n", 0, []),
        ] {
            try scratch.write(text, to: "log")
            #expect(
                try LogTail.lines(last: count, of: scratch.path + "/log") == expected, "\(count) of \(quoted(text))")
        }
        #expect(try LogTail.lines(last: 3, of: scratch.path + "/none") == [])
    }

    @Test("a log of many blocks is read from its end; long lines are cut")
    func blocks() throws {
        let lines = (0..<30_000).map { "line \($0)" }
        try scratch.write(lines.joined(separator: "\n") + "\n", to: "log")
        let path = scratch.path + "/log"
        #expect(try LogTail.lines(last: 20, of: path) == Array(lines.suffix(20)))
        #expect(try LogTail.lastLine(of: path) == .line("line 29999"))
        let start = try LogTail.offset(ofLast: 20_000, of: path)
        #expect(try scratch.text("log").utf8.dropFirst(Int(start)).starts(with: "line 10000\n".utf8))
        try scratch.write("x\n" + String(repeating: "y", count: 5000) + "\n", to: "log")
        #expect(try LogTail.lines(last: 2, of: path, width: 10) == ["yyyyyyyyyy…"])
    }

    @Test("blank lines over several blocks don't hide the last line")
    func blankEnd() throws {
        try scratch.write("first\nvalue" + String(repeating: " \n", count: 100_000), to: "log")
        #expect(try LogTail.lastLine(of: scratch.path + "/log") == .line("value"))
        try scratch.write(String(repeating: "\n", count: 100_000), to: "log")
        #expect(try LogTail.lastLine(of: scratch.path + "/log") == .none)
        #expect(try LogTail.lastLine(of: scratch.path + "/none") == .none)
    }

    @Test("a line that spans blocks is whole, up to the limit")
    func longLine() throws {
        for length in [65_535, 65_536, 200_000] {
            try scratch.write("a\n" + String(repeating: "x", count: length) + "\n", to: "log")
            let path = scratch.path + "/log"
            let isWhole = try LogTail.lastLine(of: path, limit: length) == .line(String(repeating: "x", count: length))
            #expect(isWhole)
            let isTooLong = try LogTail.lastLine(of: path, limit: length - 1) == .tooLong
            #expect(isTooLong)
        }
    }

    @Test("following delivers what is appended, from a log that isn't there yet to what was written last")
    func follow() async throws {
        let scratch = scratch
        let path = scratch.path + "/log"
        let follower = LogFollower(path: path, interval: .milliseconds(5)) { scratch.exists(path + ".ended") }
        let seen = Seen()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for try await chunk in follower { seen.add(chunk) }
            }
            let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            defer { close(file) }
            for text in ["one\n", "two"] {
                write(file, text, text.utf8.count)
                try await eventually { seen.text.hasSuffix(text) }
            }
            write(file, "end", 3)
            try scratch.write("", to: "log.ended")
            try await group.waitForAll()
        }
        #expect(seen.text == "one\ntwoend")
    }

    @Test("following starts where it is told, and ends for a log that never came")
    func start() async throws {
        try scratch.write("one\ntwo\n", to: "log")
        var text = ""
        for try await chunk in LogFollower(path: scratch.path + "/log", from: 4, hasEnded: { true }) {
            text += String(decoding: chunk, as: UTF8.self)
        }
        #expect(text == "two\n")
        for try await _ in LogFollower(path: scratch.path + "/none", hasEnded: { true }) {
            Issue.record("a chunk of nothing")
        }
    }

    @Test("following a log stops when its task is cancelled")
    func cancelFollow() async throws {
        let path = scratch.path + "/log"
        let task = Task {
            for try await _ in LogFollower(path: path, interval: .seconds(60), hasEnded: { false }) {}
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

private final class Seen: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    func add(_ chunk: [UInt8]) { bytes.withLock { $0 += chunk } }
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}
