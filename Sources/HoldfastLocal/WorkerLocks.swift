#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
package import Holdfast
import Synchronization

/// Shows which workers of this machine are alive: each holds a lock on `<folder>/<worker>.lock`, which the kernel drops
/// when the process dies, however it dies. A missing file or a free lock means that the worker is gone.
///
/// Only to be asked about workers of the same boot of the same kernel (`WorkerInfo.isPresent`).
package final class WorkerLocks: Sendable {
    package let folder: String
    private let fileSystem: any FileSystem
    private let held = Mutex<[WorkerID: any OpenFile]>([:])

    /// Makes the folder (0700) when it is missing.
    package init(folder: String, on fileSystem: any FileSystem = LocalFileSystem()) throws(StoreError) {
        self.folder = folder
        self.fileSystem = fileSystem
        try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.makeFolder(folder) }
    }

    private static let suffix = ".lock"
    private func path(_ worker: WorkerID) -> String { "\(folder)/\(worker)\(Self.suffix)" }

    /// Declares a worker alive until `release`, or until this process or this object ends.
    /// - Throws: `leaseHeld` when somebody, this process included, holds it already.
    package func hold(_ worker: WorkerID) throws(StoreError) {
        var file: (any OpenFile)?
        func attempt() throws(StoreError) -> Bool {
            file = try mappingSystemErrors { () throws(SystemCallError) in try lock(worker) }
            return file != nil
        }
        // A moment of patience: somebody who asks whether the worker is alive has the lock for some microseconds.
        if try attempt() == false { _ = try RandomPauses(.milliseconds(100)).until(attempt) }
        guard let file else {
            throw StoreError(.leaseHeld, subject: "worker \(worker)", detail: "its lock \(path(worker)) is held")
        }
        held.withLock { $0[worker] = file }
    }

    /// Nil: somebody has the lock.
    private func lock(_ worker: WorkerID) throws(SystemCallError) -> (any OpenFile)? {
        let path = path(worker)
        while true {
            let file = try fileSystem.open(path, .create)
            guard try file.tryLock(.exclusive) else { return nil }
            // Its former holder may have removed the file between our opening and our locking it.
            if try isCurrent(file) { return file }
        }
    }

    private func isCurrent(_ file: any OpenFile) throws(SystemCallError) -> Bool {
        guard let current = try fileSystem.status(file.path) else { return false }
        return try file.status().isSameFile(as: current)
    }

    /// Ends what `hold` began and removes the file. No effect on a worker that this object doesn't hold.
    package func release(_ worker: WorkerID) throws(StoreError) {
        guard let file = held.withLock({ $0.removeValue(forKey: worker) }) else { return }
        try mappingSystemErrors { () throws(SystemCallError) in try removeAndUnlock(file) }
    }

    /// Only who has the lock removes the file, and only if it is still the one that was locked.
    private func removeAndUnlock(_ file: any OpenFile) throws(SystemCallError) {
        do {
            if try isCurrent(file) { try fileSystem.remove(file.path) }
        } catch {
            try file.unlock()
            throw error
        }
        try file.unlock()
    }

    /// Whether the worker is gone. Costs four system calls.
    /// - Throws: `unavailable` when its file can't be opened.
    package func isFree(_ worker: WorkerID) throws(StoreError) -> Bool {
        if held.withLock({ $0[worker] != nil }) { return false }
        return try mappingSystemErrors { () throws(SystemCallError) in
            do throws(SystemCallError) {
                // Shared, so that those who ask at the same time don't take each other for the worker.
                return try fileSystem.open(path(worker), .readOnly).tryLock(.shared)
            } catch {
                guard error.code == ENOENT else { throw error }
                return true
            }
        }
    }

    /// Removes the files that dead workers left behind.
    /// - Returns: those workers.
    @discardableResult
    package func removeDead() throws(StoreError) -> [WorkerID] {
        try mappingSystemErrors { () throws(SystemCallError) in
            var removed: [WorkerID] = []
            for name in try fileSystem.names(in: folder) where name.hasSuffix(Self.suffix) {
                guard let worker = WorkerID(rawValue: String(name.dropLast(Self.suffix.count))) else { continue }
                if try removeIfDead(worker) { removed.append(worker) }
            }
            return removed
        }
    }

    private func removeIfDead(_ worker: WorkerID) throws(SystemCallError) -> Bool {
        do {
            let file = try fileSystem.open(path(worker), .readWrite)
            guard try file.tryLock(.exclusive) else { return false }
            try removeAndUnlock(file)
            return true
        } catch {
            guard error.code == ENOENT else { throw error }
            return false
        }
    }
}
