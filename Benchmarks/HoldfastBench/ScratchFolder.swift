import Foundation
import Holdfast
import HoldfastFiles
import HoldfastMemory
import HoldfastSQLite

/// A folder for one measurement, removed after it.
struct ScratchFolder {
    let path: String

    /// Makes a folder in `parent`, hands it out, and removes it whatever happens.
    static func with<Result>(in parent: String, _ body: (ScratchFolder) async throws -> Result) async throws -> Result {
        let path = URL(filePath: parent).appending(path: "holdfast-bench-\(UUID().uuidString.prefix(8))").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        do {
            let result = try await body(ScratchFolder(path: path))
            try FileManager.default.removeItem(atPath: path)
            return result
        } catch {
            try FileManager.default.removeItem(atPath: path)
            throw error
        }
    }

    /// Opens a store in this folder.
    func open(_ kind: StoreKind, name: String = "holdfast") async throws -> any Store {
        let url =
            switch kind {
            case .memory: "memory:"
            case .sqlite: "sqlite:\(database(name))"
            case .files: "files:\(folder(name))"
            }
        let backends = [MemoryStore.backend, SQLiteStore.backend, FilesStore.backend]
        let store = try await openStore(url, backends: backends).store
        // What is measured is kept, whatever the store's own limits are.
        try await store.retention.set { choice in (choice.maxRunsPerDAG, choice.maxProcesses) = (0, 0) }
        return store
    }

    func folder(_ name: String = "holdfast") -> String { "\(path)/\(name)" }
    func database(_ name: String = "holdfast") -> String { "\(folder(name))/\(name).db" }
}
