#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Synchronization

/// A new file of a unique name that is removed with its last reference, unless it was moved away.
final class TemporaryFile: Sendable {
    let content: any OpenFile
    private let fileSystem: any FileSystem
    private let isMoved = Atomic<Bool>(false)
    var path: String { content.path }

    init(in folder: String, on fileSystem: any FileSystem) throws(SystemCallError) {
        let name = "\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        self.fileSystem = fileSystem
        content = try fileSystem.open("\(folder)/\(name)", .createNew)
    }

    func move(to target: String) throws(SystemCallError) {
        try fileSystem.move(path, to: target)
        isMoved.store(true, ordering: .relaxed)
    }

    deinit {
        // What can't be removed is left to the next collection.
        if !isMoved.load(ordering: .relaxed) { _ = try? fileSystem.remove(path) }
    }
}
