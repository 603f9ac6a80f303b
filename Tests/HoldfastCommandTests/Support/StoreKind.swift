/// What a folder's commands keep their runs in.
enum StoreKind: String, CaseIterable, Sendable {
    /// Found by itself, as nothing else is named.
    case sqlite
    /// The same folder, named by `HOLDFAST_STORE`.
    case files

    /// Those that every test runs on.
    static let tested: [StoreKind] = [.sqlite, .files]

    /// What `HOLDFAST_STORE` says in a folder; nil: it is not set.
    func url(in folder: String) -> String? {
        switch self {
        case .sqlite: nil
        case .files: "files:\(folder)/.holdfast"
        }
    }
}
