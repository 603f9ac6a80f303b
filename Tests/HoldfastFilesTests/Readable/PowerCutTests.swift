import Holdfast
import HoldfastLocal
import HoldfastMemory
import HoldfastTesting
import Testing

@testable import HoldfastFiles

@Suite("Readable files after a kill or a power cut")
struct ReadablePowerCutTests {
    @Test("at any operation, the next opening completes them")
    func everyOperation() async throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        let desk = try Desk()
        let disk = SimulatedDisk()
        _ = try disk.makeFolder(at: "/store")
        for act in Self.acts {
            // Each in a session of its own, one of which shows nothing.
            let readable = desk.readable(on: disk, bootID: "first")
            let store = ShownStore(base: desk.memory, readable: readable)
            try await act(desk.views(store))
            await readable.close()
            desk.clock.advance(by: .seconds(1))
        }
        let expected = try await desk.content(onNew: SimulatedDisk())
        #expect(expected.count > 10)
        #expect(try disk.content() == expected)
        var states = 0
        try await PowerCuts(disk.operations, statesPerBoundary: 3, seed: seed).forEach { state in
            guard state.boundary > 0, states < 100_000 else { return }
            states += 1
            let left = SimulatedDisk(state.image)
            _ = try left.makeFolder(at: "/store")
            let found = try await desk.content(onNew: left, bootID: state.choice == nil ? "first" : "second")
            guard found != expected else { return }
            states = 100_000
            let wrong = Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }.sorted()
            Issue.record("seed \(seed), \(state): \(wrong)")
        }
        print("readable files: \(states) states after kills and power cuts, seed \(seed)")
    }

    private static let acts: [@Sendable (Views) async throws -> Void] = [
        { views in try await views.record("r1", ending: nil) },
        { views in
            try await views.record("r2")
            try await views.runs.setState(RunID(unchecked: "r1"), to: .failed, reason: "no space")
        },
        { views in
            try await views.runs.delete(RunID(unchecked: "r2"))
            let turns = ["hello", "good day"].map { ConversationTurn(role: "user", content: $0) }
            for id in ["p1", "p2"] {
                try await views.processes.add(
                    ProcessRecord(
                        id: ProcessID(unchecked: id), startTime: views.clock.now(), conversationTurns: turns))
            }
        },
        { views in
            try await views.processes.remove(ProcessID(unchecked: "p2"))
            try await views.processes.appendTurn(
                ProcessID(unchecked: "p1"), ConversationTurn(role: "user", content: "and now?"))
        },
        { views in
            let run = RunID(unchecked: "r1")
            try await views.runs.setState(run, to: .running)
            try await views.artifacts.save(run, ArtifactKey(unchecked: "load/report.html"), Array("<p>4 rows</p>".utf8))
            try await views.artifacts.save(run, ArtifactKey(unchecked: "extract/rows.json"), Array("[1,2]".utf8))
            try await views.runs.setState(run, to: .success)
            try await views.record("r2", ending: .cancelled)
        },
        { views in
            try await views.dags.register(
                DAGDefinition(
                    name: DAGID(unchecked: "etl"),
                    tasks: [TaskDefinition(id: TaskID(unchecked: "extract"), action: .shell("true"))]))
        },
    ]
}

extension Desk {
    fileprivate func readable(on disk: SimulatedDisk, bootID: String) -> ReadableFiles {
        var configuration = ReadableFiles.Configuration()
        configuration.interval = .zero
        configuration.bootID = bootID
        return ReadableFiles(memory, folder: "/store", on: disk, configuration: configuration)
    }

    /// What the files show once an opening has done all it has to.
    fileprivate func content(onNew disk: SimulatedDisk, bootID: String = "first") async throws -> [String: String] {
        _ = try disk.makeFolder(at: "/store")
        let readable = readable(on: disk, bootID: bootID)
        repeat { _ = await readable.stretch() } while await !readable.isIdle
        #expect(await readable.problems == [:])
        return try disk.content()
    }
}

extension SimulatedDisk {
    /// All that people see, whatever position it was written at.
    fileprivate func content() throws -> [String: String] {
        var content: [String: String] = [:]
        var folders = ["/store"]
        while let folder = folders.popLast() {
            for name in try names(in: folder) where name != ".views" {
                let path = "\(folder)/\(name)"
                if try status(path)?.isFolder == true {
                    folders.append(path)
                } else {
                    let bytes = try open(path, .readOnly).read(1 << 20, at: 0)
                    content[path] = Desk.normalized(String(decoding: bytes, as: UTF8.self), name)
                }
            }
        }
        return content
    }
}
