import Foundation
import Holdfast
import HoldfastEngine
import HoldfastMemory

/// An example, parsed.
func example(_ name: String) throws -> DAGDefinition {
    try PipelineFile.parse(Repository.text("Examples/\(name)"), fileName: name)
}

/// A folder for one test to run a pipeline in.
final class Folder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "holdfast-\(UUID())").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try Data(text.utf8).write(to: URL(filePath: file))
        return file
    }

    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path) }

    func engine(_ store: MemoryStore) throws -> Engine {
        let process = ProcessInfo.processInfo
        let worker = try WorkerInfo(
            id: WorkerID("tests"), host: process.hostName, bootID: nil,
            processID: process.processIdentifier)
        return Engine(store: store, configuration: EngineConfiguration(worker: worker))
    }

    func run(_ name: String, params: [String: JSONValue], store: MemoryStore) async throws -> RunFold {
        let definition = try example(name)
        let engine = try engine(store)
        let run = try await engine.create(
            RunCreated(
                dag: definition.name, definition: definition, params: definition.params.merging(params) { $1 },
                logicalDate: SystemWallClock().now(), workingDirectory: path))
        return try await engine.execute(run)
    }
}
