import Foundation
import Holdfast
import HoldfastFiles
import HoldfastSQLite

/// A folder with a store, a pipeline and what its tasks leave; removed when nobody uses it any more.
final class Site: @unchecked Sendable {
    let path: String
    private let kind: StoreKind
    var store: String { kind.url(in: storeFolder) }
    /// May be a file system of its own.
    var storeFolder: String { path + "/store" }

    init(_ kind: StoreKind = .sqlite) throws {
        self.kind = kind
        path = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "holdfast-crash-\(UUID().uuidString.prefix(8))").path()
        for folder in ["io", "locks", "store"] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
    }

    /// The lines of a file; none when it is not there.
    func lines(_ name: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: "\(path)/\(name)") else { return [] }
        let bytes = try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

    func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Program {
        try Program(arguments + ["--store", store], in: path, environment: environment)
    }

    func holdfast(_ arguments: String..., environment: [String: String] = [:]) throws -> Program.End {
        try start(arguments, environment: environment).wait()
    }

    /// The store, opened by these tests themselves.
    func open() async throws -> any Store {
        try await openStore(store, backends: [SQLiteStore.backend, FilesStore.backend]).store
    }

    /// The history of a run, as `holdfast events` prints it.
    func events(of run: String) throws -> [JSONValue] {
        let end = try holdfast("events", run, "--format", "jsonl")
        guard end.status == 0 else { throw Program.Failure(description: end.error) }
        return try end.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    func state(of run: String) throws -> String? {
        let end = try holdfast("show", run, "--format", "json")
        guard end.status == 0 else { throw Program.Failure(description: end.error) }
        return try JSONValue(parsing: end.output)["state"]?.stringValue
    }
}

/// Waits until a condition holds, half a minute at most.
func eventually(_ what: String, _ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw Program.Failure(description: "waited in vain: \(what)") }
        usleep(10_000)
    }
}
