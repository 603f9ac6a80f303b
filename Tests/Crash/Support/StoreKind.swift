/// What a site keeps its runs in.
enum StoreKind: String, CaseIterable, Sendable, CustomStringConvertible {
    case sqlite, files

    /// Those that every test runs on.
    static let tested: [StoreKind] = [.sqlite, .files]

    func url(in folder: String) -> String {
        switch self {
        case .sqlite: "sqlite:\(folder)/holdfast.db"
        case .files: "files:\(folder)"
        }
    }

    var description: String { rawValue }
}
