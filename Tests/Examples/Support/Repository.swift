import Foundation

/// The files of this package.
enum Repository {
    private static let root = (0..<4).reduce(URL(filePath: #filePath)) { path, _ in path.deletingLastPathComponent() }

    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
    }

    /// The blocks of code in a page that are marked as of a language.
    static func code(_ language: String, in path: String) throws -> [String] {
        try text(path).components(separatedBy: "```\(language)\n").dropFirst().map { rest in
            rest.components(separatedBy: "```")[0]
        }
    }
}
