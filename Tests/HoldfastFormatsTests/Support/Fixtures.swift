import Foundation
import Testing

/// The files that come with these tests.
enum Fixtures {
    static var root: URL {
        get throws { try #require(Bundle.module.resourceURL).appending(path: "Fixtures") }
    }

    /// The names of the folders in a folder, sorted.
    static func folders(in folder: String) -> [String] {
        guard let root = try? root.appending(path: folder),
            let names = try? FileManager.default.contentsOfDirectory(atPath: root.path)
        else { return [] }
        return names.filter { !$0.contains(".") }.sorted()
    }

    static func path(_ name: String) throws -> String { try root.appending(path: name).path }

    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
    }
}

/// A temporary folder, removed when nobody uses it any more.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/holdfast-formats-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

    func write(_ data: Data, to name: String) throws {
        let url = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }
}

/// All files below a folder, by their path in it.
func contents(of folder: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
        let path = "\(folder)/\(name)"
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
            continue
        }
        files[name] = try Data(contentsOf: URL(fileURLWithPath: path))
    }
    return files
}
