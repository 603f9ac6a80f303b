import Foundation
import Holdfast

/// A folder of the source. Names come from listings, never from what records say.
struct SourceFolder: Sendable {
    /// As the user named it, with what is below.
    let path: String

    /// The names in it, sorted, without hidden ones; none when it is no folder or can't be read.
    var names: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }

    func file(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

    func folder(_ name: String) -> SourceFolder { SourceFolder(path: file(name)) }

    /// Whether there is a file, of whatever kind, of this name.
    func hasFile(_ name: String) -> Bool {
        switch kind(of: name) {
        case nil, .typeDirectory: false
        default: true
        }
    }

    func hasFolder(_ name: String) -> Bool { kind(of: name) == .typeDirectory }

    private func kind(of name: String) -> FileAttributeType? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file(name))
        return attributes?[.type] as? FileAttributeType
    }

    /// The names that end so, for instance `.json`.
    func names(endingIn suffix: String) -> [String] {
        names.filter { $0.utf8.count > suffix.utf8.count && $0.hasSuffix(suffix) }
    }

    /// Files below this folder, depth first, each by the names that lead to it. Symbolic links are given, not followed.
    var filesBelow: [[String]] {
        var files: [[String]] = []
        for name in names {
            if hasFolder(name) {
                files += folder(name).filesBelow.map { [name] + $0 }
            } else {
                files.append([name])
            }
        }
        return files
    }
}
