import Foundation
import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastFiles

@Suite("The documentation of runs as files")
struct JqTests {
    private static let page: String = {
        let root = (0..<4).reduce(URL(filePath: #filePath)) { path, _ in path.deletingLastPathComponent() }
        let path = root.appending(path: "Sources/Holdfast/Documentation.docc/Articles/RunsAsFiles.md")
        return (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    }()

    @Test("each of its jq lines finds something")
    func lines() async throws {
        let desk = try Desk()
        try await desk.fill()
        let lines = Self.page.split(separator: "\n").filter { $0.hasPrefix("jq ") }
        #expect(lines.count >= 8)
        for line in lines {
            let (status, output) = try await desk.shell(String(line))
            #expect(status == 0 && !output.isEmpty, "\(line): \(output)")
        }
    }

    @Test("its counts by result are those of each run's last end")
    func counts() async throws {
        let desk = try Desk()
        try await desk.fill()
        // Whoever looks through the files drops lines that no longer count.
        let store = await desk.open(follows: false)
        #expect(await store.readable.check() == [])
        try await store.close()
        let run = RunID(unchecked: "nightly-2")
        try await desk.session { views in
            try await views.runs.setState(run, to: .running)
            try await views.runs.setState(run, to: .success)
        }
        #expect(try desk.lines("runs.jsonl").count == 3)
        let line = try #require(Self.page.split(separator: "\n").first { $0.hasPrefix("jq -s 'group_by(.run_id)") })
        let output = try await desk.shell(String(line)).output
        #expect(try JSONValue(parsing: output) == ["success": 2])
    }
}

extension Desk {
    fileprivate func fill() async throws {
        try await session { views in
            try await views.record("nightly-1")
            try await views.record("nightly-2", ending: .failed)
            let turns = ["look at it", "it leaks"].map { ConversationTurn(role: "user", content: $0) }
            try await views.processes.add(
                ProcessRecord(
                    id: ProcessID(unchecked: "review-7"), status: .failed, startTime: clock.now(), error: "no answer",
                    conversationTurns: turns))
            try await views.dags.register(
                DAGDefinition(
                    name: DAGID(unchecked: "etl"),
                    tasks: [TaskDefinition(id: TaskID(unchecked: "extract"), action: .shell("true"))]))
        }
    }

    /// What a line prints when it runs in the folder.
    fileprivate func shell(_ line: String) async throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", line]
        process.currentDirectoryURL = URL(filePath: folder)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        // What these lines print fits into a pipe.
        return (status, String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
    }
}
