#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Foundation
import Holdfast

/// The folder that one try writes its outputs into: `<root>/<run>/<task>[/<map_index>]/<try>/`, removed when they were
/// taken over into the store.
struct TryFolder: Sendable {
    let path: String
    var artifacts: String { path + "/artifacts" }
    var output: String { path + "/output" }

    /// Removes the folders of all tries of a run that is no longer carried out here.
    static func removeAll(of run: RunID, root: String) throws(StoreError) {
        try TryFolder(path: "\(root)/\(run)").remove()
    }

    private init(path: String) { self.path = path }

    init(root: String, run: RunID, instance: InstanceID, tryNumber: Int) {
        let folder = "\(root)/\(run)/\(instance.task)"
        path = (instance.mapIndex.map { "\(folder)/\($0)" } ?? folder) + "/\(tryNumber)"
    }

    /// Makes it, empty, readable by its owner alone.
    func make() throws(StoreError) {
        try remove()
        do {
            try FileManager.default.createDirectory(
                atPath: artifacts, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw failure("can't be made", error)
        }
        guard FileManager.default.createFile(atPath: output, contents: nil, attributes: [.posixPermissions: 0o600])
        else {
            throw failure("can't hold a file", nil)
        }
    }

    /// Removes it with what it holds; without effect when it is not there.
    func remove() throws(StoreError) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do { try FileManager.default.removeItem(atPath: path) } catch { throw failure("can't be removed", error) }
    }

    private func failure(_ what: String, _ cause: (any Error)?) -> StoreError {
        let isFull = errno == ENOSPC || errno == EDQUOT
        return StoreError(isFull ? .full : .unavailable, subject: "folder \(path)", detail: "it \(what)", cause: cause)
    }
}
