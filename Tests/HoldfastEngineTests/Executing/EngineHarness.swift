import Foundation
import Holdfast
import HoldfastEngine
import HoldfastMemory
import Testing

/// An engine over a memory store, with a folder of its own; removed at the end of `withHarness`.
struct EngineHarness: Sendable {
    let store: any Store
    let engine: Engine
    let folder: String

    init(folder: String, store: any Store, worker: String = "worker-1") {
        self.folder = folder
        self.store = store
        engine = Engine(
            store: store,
            configuration: EngineConfiguration(
                worker: WorkerInfo(id: WorkerID(unchecked: worker), host: "here", bootID: nil, processID: getpid()),
                logFolder: folder + "/logs", storeURL: "memory:", defaultParallel: 4, gracePeriod: .milliseconds(300)))
    }

    /// Another worker on the same store and folder.
    func other(_ worker: String = "worker-2") -> EngineHarness {
        EngineHarness(folder: folder, store: store, worker: worker)
    }

    func create(_ yaml: String, params: [String: JSONValue] = [:], id: RunID? = nil) async throws -> RunID {
        let definition = try PipelineFile.parse(yaml, fileName: "test.yaml")
        let values = definition.params.merging(params) { _, given in given }
        return try await engine.create(
            RunCreated(
                dag: definition.name, definition: definition, params: values,
                logicalDate: Timestamp(milliseconds: 1_767_225_600_000), workingDirectory: folder), id: id)
    }

    func run(_ yaml: String, params: [String: JSONValue] = [:]) async throws -> RunFold {
        try await engine.execute(try await create(yaml, params: params))
    }

    func file(_ name: String) -> String { folder + "/" + name }

    func lines(of name: String) throws -> [String] {
        try String(contentsOfFile: file(name), encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// Waits for a condition that other processes bring about.
    func until(_ what: String, within limit: Duration = .seconds(120), _ condition: () async throws -> Bool)
        async throws
    {
        let deadline = ContinuousClock.now + limit
        while try await !condition() {
            guard ContinuousClock.now < deadline else { throw Overdue(what: what) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    func untilLines(_ count: Int, in name: String) async throws {
        try await until("\(count) lines in \(name)") {
            guard exists(name) else { return false }
            return try lines(of: name).count >= count
        }
    }

    func touch(_ name: String) { #expect(FileManager.default.createFile(atPath: file(name), contents: nil)) }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

    struct Overdue: Error { let what: String }
}

/// Expects a `StoreError` of a code.
func expectError(
    _ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("no error was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect((error as? StoreError)?.code == code, "\(error)", sourceLocation: sourceLocation)
    }
}

func withHarness(_ body: (EngineHarness) async throws -> Void) async throws {
    let folder = NSTemporaryDirectory() + "holdfast-engine-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(EngineHarness(folder: folder, store: MemoryStore()))
}

extension RunFold {
    func state(_ task: String, _ index: Int? = nil) -> TaskState? {
        instance(InstanceID(TaskID(unchecked: task), mapIndex: index))?.state
    }

    func value(_ task: String, _ key: String = "return_value", _ index: Int? = nil) -> JSONValue? {
        instance(InstanceID(TaskID(unchecked: task), mapIndex: index))?.xcoms[key]?.value
    }
}
