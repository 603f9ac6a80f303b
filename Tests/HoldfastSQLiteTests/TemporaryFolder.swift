import Foundation

/// A folder of a test's own, removed with its last reference.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "holdfast-sqlite-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    var database: String { path + "/holdfast.db" }

    // What can't be removed is in the folder for temporary files.
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
