import Foundation
import Testing

/// The files that come with these tests.
enum Fixtures {
    static var root: URL {
        get throws {
            try #require(Bundle.module.resourceURL).appending(path: "Fixtures")
        }
    }

    /// The names of the files in a folder that end so, sorted.
    static func names(in folder: String, ending suffix: String) -> [String] {
        guard let root = try? root,
            let names = try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)
        else {
            return []
        }
        return names.filter { $0.hasSuffix(suffix) }.sorted()
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        try Array(Data(contentsOf: root.appending(path: path)))
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }
}
