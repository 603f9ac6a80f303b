import Foundation
import Glibc
import Holdfast
import Synchronization
import Testing

@testable import HoldfastEngine

/// A folder of its own for a test, and what tests of processes do in it.
final class Scratch: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "holdfast-\(UUID().uuidString)"
        mkdir(path, 0o700)
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { Issue.record(error) }
    }

    var log: TryLog { TryLog(folder: path + "/logs", try: 1) }

    func write(_ text: String, to name: String) throws {
        let url = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func text(_ name: String) throws -> String { try text(at: path + "/" + name) }

    func text(at path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    func exists(_ path: String) -> Bool { FileKind(of: path) != nil }

    func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    func request(_ action: TaskDefinition.Action, log: TryLog? = nil) -> TaskProcessRequest {
        TaskProcessRequest(
            action: action, environment: ["SCRATCH": path], workingDirectory: path, log: log ?? self.log,
            tryToken: TryToken(), gracePeriod: .milliseconds(150), leftoverGracePeriod: .milliseconds(150)
        ) { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
    }

    func run(
        _ script: String, _ change: (inout TaskProcessRequest) -> Void = { _ in }
    ) async -> TaskProcessResult {
        var request = request(.shell(script))
        change(&request)
        return await TaskProcess.run(request)
    }

    /// Waits until a process has written this file, and gives its text.
    func awaited(_ name: String) async throws -> String {
        try await eventually { (try? self.text(name))?.hasSuffix("\n") == true }
        return try text(name).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func awaitedProcess(_ name: String) async throws -> pid_t { try #require(pid_t(try await awaited(name))) }
}

/// Fails unless the condition comes true within ten seconds.
func eventually(_ condition: () throws -> Bool) async throws {
    for _ in 0..<2000 {
        if try condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw TimedOut()
}

struct TimedOut: Error {}

/// Dead, or dead and not collected by its parent yet.
func isGone(_ process: pid_t) -> Bool { ProcessTable.status(of: process)?.isZombie ?? true }
