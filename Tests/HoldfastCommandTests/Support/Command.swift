import Foundation
import Holdfast
import Testing

/// The built command, run in folders of its own.
enum Command {
    /// Beside the bundle that these tests are in.
    static let path: String = {
        #if canImport(Darwin)
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }
            let folder = bundle?.bundleURL.deletingLastPathComponent() ?? Bundle.main.bundleURL
        #else
            let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            let folder = executable.deletingLastPathComponent()
        #endif
        return folder.appendingPathComponent("holdfast").path
    }()

    struct Result: Sendable {
        let status: Int32
        let output: String
        let error: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }

        func json() throws -> JSONValue { try JSONValue(parsing: output) }
    }
}

/// A command that was started and has perhaps not ended.
final class RunningCommand: Sendable {
    let processID: Int32
    private let folder: Folder
    private let name: String
    private let end: Task<Int32, any Error>

    init(_ arguments: [String], in folder: Folder, environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Command.path)
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        var variables = ProcessInfo.processInfo.environment
        variables["HOLDFAST_STORE"] = folder.store.url(in: folder.path)
        variables.merge(environment) { _, new in new }
        process.environment = variables
        let name = UUID().uuidString
        process.standardInput = FileHandle.nullDevice
        let (output, error) = (try folder.newFile("\(name).out"), try folder.newFile("\(name).err"))
        process.standardOutput = output
        process.standardError = error
        let (ends, continuation) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { process in
            let isSignal = process.terminationReason == .uncaughtSignal
            continuation.yield(isSignal ? 128 + process.terminationStatus : process.terminationStatus)
            continuation.finish()
        }
        try process.run()
        // The command has its own. Ours would stay open for as long as Foundation keeps the process, and with some 1,300 open
        // files its next `run` reads beyond the listing of them.
        try output.close()
        try error.close()
        processID = process.processIdentifier
        self.folder = folder
        self.name = name
        end = Task {
            for await status in ends { return status }
            throw CancellationError()
        }
    }

    /// What it has written to standard output so far.
    func output() throws -> String { try folder.read(".io/\(name).out") }

    /// What it has written to standard error so far.
    func error() throws -> String { try folder.read(".io/\(name).err") }

    func signal(_ number: Int32) { kill(processID, number) }

    func result() async throws -> Command.Result {
        let status = try await end.value
        return Command.Result(
            status: status, output: try folder.read(".io/\(name).out"), error: try folder.read(".io/\(name).err"))
    }
}
