#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
package import Holdfast
import HoldfastLocal
import Synchronization

/// A disk in memory: records every change, fails calls as it is told, and shows what a power cut leaves.
///
/// Paths begin at its root; there are no links. Locks are between open files, so that two stores on one disk meet each other
/// as those of two processes do.
package final class SimulatedDisk: Sendable {
    /// A call that changes something, about to be carried out.
    package struct Call: Sendable {
        /// For instance `write`, as in `SystemCallError`.
        package var name: String
        package var path: String
        /// 1 for the first call on this disk.
        package var number: Int
    }

    /// Gives the `errno` with which a call fails; nil: it succeeds. Half of what a failing `write` was to write is written.
    package typealias Fault = @Sendable (Call) -> Int32?

    struct State {
        var image: DiskImage
        var operations: [DiskOperation] = []
        var calls = 0
        var fault: Fault?
        /// Bytes of all files together.
        var capacity = Int.max
        var canSyncWhole = true
        var locks: [DiskImage.Node: [ObjectIdentifier: LockMode]] = [:]
    }

    let state: Mutex<State>
    private let clock: any WallClock

    package init(_ image: DiskImage = DiskImage(), clock: any WallClock = ManualClock()) {
        state = Mutex(State(image: image))
        self.clock = clock
    }

    /// What the disk was asked to change since it was made.
    package var operations: [DiskOperation] { state.withLock { $0.operations } }

    /// As it is now.
    package var image: DiskImage { state.withLock { $0.image } }

    /// How many calls there were that change something.
    package var calls: Int { state.withLock { $0.calls } }

    /// Puts a mark between the operations.
    package func note(_ number: Int) { state.withLock { $0.operations.append(.note(number)) } }

    package func setFault(_ fault: Fault?) { state.withLock { $0.fault = fault } }

    /// How many bytes all files together may have; what goes beyond fails with `ENOSPC`.
    package func setCapacity(_ bytes: Int) { state.withLock { $0.capacity = bytes } }

    /// Whether the file system is one of those whose `syncfs` can be relied on; it is unless told otherwise.
    package func setCanSyncWhole(_ can: Bool) { state.withLock { $0.canSyncWhole = can } }

    var now: Timestamp { clock.now() }

    /// Carries out a change in one piece.
    func changing<Value: Sendable>(
        _ name: String, _ path: String, _ body: (inout State) throws(SystemCallError) -> Value
    ) throws(SystemCallError) -> Value {
        try state.withLock { state throws(SystemCallError) in
            try state.announce(name, path)
            return try body(&state)
        }
    }
}

extension SimulatedDisk.State {
    mutating func announce(_ name: String, _ path: String) throws(SystemCallError) {
        calls += 1
        guard let code = fault?(SimulatedDisk.Call(name: name, path: path, number: calls)) else { return }
        throw SystemCallError(name, path, code: code)
    }

    mutating func perform(_ operation: DiskOperation) {
        image.apply(operation)
        operations.append(operation)
    }

    var used: Int { image.files.values.reduce(0) { $0 + $1.current.count } }
}

// MARK: - Paths

extension SimulatedDisk.State {
    /// Nil: there is no such file or folder.
    func node(_ path: String) -> DiskImage.Node? {
        var node = DiskImage.root
        for name in path.split(separator: "/") where name != "." {
            guard let next = image.folders[node]?.current[String(name)] else { return nil }
            node = next
        }
        return node
    }

    func existing(_ call: String, _ path: String) throws(SystemCallError) -> DiskImage.Node {
        guard let node = node(path) else { throw SystemCallError(call, path, code: ENOENT) }
        return node
    }

    /// The folder that an entry is in, or is to be made in, and the entry's name there.
    func place(_ call: String, _ path: String) throws(SystemCallError) -> (folder: DiskImage.Node, name: String) {
        let folder = try existing(call, parent(of: path))
        guard image.folders[folder] != nil, let name = path.split(separator: "/").last else {
            throw SystemCallError(call, path, code: ENOTDIR)
        }
        return (folder, String(name))
    }

    func status(of node: DiskImage.Node) -> FileStatus {
        let file = image.files[node]
        return FileStatus(
            device: 1, inode: UInt64(node), size: Int64(file?.current.count ?? 0),
            modified: file?.modified ?? Timestamp(milliseconds: 0), isFolder: file == nil)
    }
}
