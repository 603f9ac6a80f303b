import Foundation
import Holdfast
import Testing

/// A temporary folder, removed when nobody uses it any more.
final class Folder: Sendable {
    let url: URL
    let store: StoreKind
    var path: String { url.path }

    init(_ store: StoreKind = .sqlite) throws {
        self.store = store
        // Resolved, as the command shows folders without symbolic links.
        let base = URL(fileURLWithPath: NSTemporaryDirectory()).resolvingSymlinksInPath()
        url = base.appendingPathComponent("holdfast-command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: url.appendingPathComponent(".io"), withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: url.appendingPathComponent(name))
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: url.appendingPathComponent(name)), as: UTF8.self)
    }

    func lines(_ name: String) throws -> [String] {
        exists(name) ? try read(name).split(separator: "\n").map(String.init) : []
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: url.appendingPathComponent(name).path)
    }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: url.appendingPathComponent(name).path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    /// For what a command writes.
    func newFile(_ name: String) throws -> FileHandle {
        let file = url.appendingPathComponent(".io/\(name)")
        try Data().write(to: file)
        return try FileHandle(forWritingTo: file)
    }

    // MARK: The command in this folder

    func start(_ arguments: String..., environment: [String: String] = [:]) throws -> RunningCommand {
        try RunningCommand(arguments, in: self, environment: environment)
    }

    @discardableResult
    func holdfast(_ arguments: String..., environment: [String: String] = [:]) async throws -> Command.Result {
        try await RunningCommand(arguments, in: self, environment: environment).result()
    }

    /// As `holdfast`, for a list of arguments.
    func holdfast(all arguments: [String]) async throws -> Command.Result {
        try await RunningCommand(arguments, in: self).result()
    }

    /// The run as `show --format json` has it.
    func show(_ run: String) async throws -> JSONValue {
        let result = try await holdfast("show", run, "--format", "json")
        try #require(result.status == 0, "\(result.error)")
        return try result.json()
    }
}

/// Waits until a condition holds.
/// - Throws: when it still does not after half a minute.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, "waited in vain: \(what)")
        try await Task.sleep(for: .milliseconds(20))
    }
}
