#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast
import HoldfastLocal
import Synchronization

/// An open file of a `SimulatedDisk`.
final class SimulatedFile: OpenFile {
    let path: String
    private let disk: SimulatedDisk
    private let node: DiskImage.Node
    private let isWritable: Bool

    init(path: String, disk: SimulatedDisk, node: DiskImage.Node, isWritable: Bool) {
        self.path = path
        self.disk = disk
        self.node = node
        self.isWritable = isWritable
    }

    deinit { disk.state.withLock { $0.unlock(node, by: ObjectIdentifier(self)) } }

    // MARK: Content

    func status() throws(SystemCallError) -> FileStatus { disk.state.withLock { $0.status(of: node) } }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemCallError) -> Int {
        guard let content = disk.state.withLock({ $0.image.files[node]?.current }) else { return 0 }
        let start = min(Int(offset), content.count)
        let piece = content[start..<min(start + buffer.count, content.count)]
        buffer.copyBytes(from: piece)
        return piece.count
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemCallError) {
        try checkWritable("write")
        let content = Array(bytes)
        do {
            try disk.changing("write", path) { state throws(SystemCallError) in
                let growth = max(0, Int(offset) + content.count - Int(state.status(of: node).size))
                guard growth == 0 || state.used + growth <= state.capacity else {
                    throw SystemCallError("write", path, code: ENOSPC)
                }
                state.perform(.write(node, offset: Int(offset), bytes: content))
            }
        } catch {
            let part = Array(content.prefix(error.code == ENOSPC ? 0 : content.count / 2))
            if !part.isEmpty { disk.state.withLock { $0.perform(.write(node, offset: Int(offset), bytes: part)) } }
            throw error
        }
    }

    func setSize(_ size: Int64) throws(SystemCallError) {
        try checkWritable("ftruncate")
        try disk.changing("ftruncate", path) { state throws(SystemCallError) in
            state.perform(.resize(node, size: Int(size)))
        }
    }

    private func checkWritable(_ call: String) throws(SystemCallError) {
        guard isWritable else { throw SystemCallError(call, path, code: EBADF) }
    }

    func sync() throws(SystemCallError) { try disk.sync(node, "fsync", path) }
    func syncContent() throws(SystemCallError) { try disk.sync(node, "fdatasync", path) }

    // MARK: Locks

    func tryLock(_ mode: LockMode) throws(SystemCallError) -> Bool {
        disk.state.withLock { $0.lock(node, mode, by: ObjectIdentifier(self)) }
    }

    func unlock() throws(SystemCallError) { disk.state.withLock { $0.unlock(node, by: ObjectIdentifier(self)) } }
}

/// An open folder of a `SimulatedDisk`.
final class SimulatedFolder: OpenFolder {
    let path: String
    private let disk: SimulatedDisk
    private let node: DiskImage.Node

    init(path: String, disk: SimulatedDisk, node: DiskImage.Node) {
        self.path = path
        self.disk = disk
        self.node = node
    }

    func sync() throws(SystemCallError) { try disk.sync(node, "fsync", path) }

    func syncFileSystem() throws(SystemCallError) {
        do {
            try disk.changing("syncfs", path) { state throws(SystemCallError) in
                // Where it can't be relied on, it does nothing.
                if state.canSyncWhole { state.perform(.syncAll) }
            }
        } catch {
            disk.state.withLock { $0.perform(.failedSyncAll) }
            throw error
        }
    }
}

/// Shared words of a `SimulatedDisk`.
final class SimulatedWords: SharedWords {
    private let disk: SimulatedDisk
    private let node: DiskImage.Node

    init(disk: SimulatedDisk, node: DiskImage.Node) {
        self.disk = disk
        self.node = node
    }

    func load(_ index: Int) -> UInt64 {
        disk.state.withLock { state in
            guard let content = state.image.files[node]?.current else { return 0 }
            return content[index * DiskFile.word..<(index + 1) * DiskFile.word].reversed().reduce(0) {
                $0 << 8 | UInt64($1)
            }
        }
    }

    func store(_ value: UInt64, at index: Int) {
        let bytes = (0..<UInt64(DiskFile.word)).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        disk.state.withLock { $0.perform(.write(node, offset: index * DiskFile.word, bytes: bytes)) }
    }
}

extension SimulatedDisk {
    fileprivate func sync(_ node: DiskImage.Node, _ call: String, _ path: String) throws(SystemCallError) {
        do {
            try changing(call, path) { state throws(SystemCallError) in state.perform(.sync(node)) }
        } catch {
            state.withLock { $0.perform(.failedSync(node)) }
            throw error
        }
    }
}

extension SimulatedDisk.State {
    mutating func lock(_ node: DiskImage.Node, _ mode: LockMode, by owner: ObjectIdentifier) -> Bool {
        let others = locks[node, default: [:]].filter { $0.key != owner }.values
        guard mode == .shared ? !others.contains(.exclusive) : others.isEmpty else { return false }
        locks[node, default: [:]][owner] = mode
        return true
    }

    mutating func unlock(_ node: DiskImage.Node, by owner: ObjectIdentifier) { locks[node]?[owner] = nil }
}
