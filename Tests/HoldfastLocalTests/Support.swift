import Foundation
import Synchronization
import Testing

@testable import HoldfastLocal

/// A folder that exists until the value goes.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "holdfast-local-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func path(_ name: String) -> String { "\(path)/\(name)" }
}

/// Permission bits.
func mode(of path: String) throws -> mode_t {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return status.st_mode & 0o777
}

/// Another process that has the `flock` of a file, by the utility of that name.
final class LockHolder {
    let processID: pid_t
    private let process = Process()

    init(_ path: String, shared: Bool = false) throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        // -F: no second process that would keep the lock alive.
        process.arguments = ["-F", shared ? "-s" : "-x", path, "sh", "-c", "echo locked; exec sleep 60"]
        process.standardOutput = output
        try process.run()
        processID = process.processIdentifier
        try #require(try output.fileHandleForReading.read(upToCount: 6) == Data("locked".utf8))
    }

    func killNow() {
        kill(processID, SIGKILL)
        process.waitUntilExit()
    }

    deinit { if process.isRunning { killNow() } }
}

/// A switch that several threads see.
final class Flag: Sendable {
    private let state = Mutex(false)
    var value: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
