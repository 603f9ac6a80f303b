#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
package import Holdfast
package import HoldfastLocal
import Synchronization

extension SimulatedDisk: FileSystem {
    package func status(_ path: String) throws(SystemCallError) -> FileStatus? {
        state.withLock { state in state.node(path).map { state.status(of: $0) } }
    }

    package func open(_ path: String, _ mode: OpenMode) throws(SystemCallError) -> any OpenFile {
        let there = state.withLock { $0.node(path) }
        let node: DiskImage.Node
        switch (there, mode) {
        case (let existing?, .readOnly), (let existing?, .readWrite), (let existing?, .create): node = existing
        case (_?, .createNew): throw SystemCallError("open", path, code: EEXIST)
        case (nil, .readOnly), (nil, .readWrite): throw SystemCallError("open", path, code: ENOENT)
        case (nil, .create), (nil, .createNew): node = try make(path)
        }
        guard state.withLock({ $0.image.files[node] != nil }) else { throw SystemCallError("open", path, code: EISDIR) }
        return SimulatedFile(path: path, disk: self, node: node, isWritable: mode != .readOnly)
    }

    private func make(_ path: String, words: Bool = false) throws(SystemCallError) -> DiskImage.Node {
        try changing("open", path) { state throws(SystemCallError) in
            let (folder, name) = try state.place("open", path)
            if let other = state.image.folders[folder]?.current[name] { return other }
            let node = state.image.nextNode
            state.perform(
                words
                    ? .makeWords(node, in: folder, name: name, at: now)
                    : .makeFile(node, in: folder, name: name, at: now))
            return node
        }
    }

    package func open(folder: String) throws(SystemCallError) -> any OpenFolder {
        let node = try state.withLock { state throws(SystemCallError) in
            let node = try state.existing("open", folder)
            guard state.image.folders[node] != nil else { throw SystemCallError("open", folder, code: ENOTDIR) }
            return node
        }
        return SimulatedFolder(path: folder, disk: self, node: node)
    }

    package func names(in folder: String) throws(SystemCallError) -> [String] {
        try state.withLock { state throws(SystemCallError) in
            guard let node = state.node(folder) else { return [] }
            guard let entries = state.image.folders[node] else {
                throw SystemCallError("opendir", folder, code: ENOTDIR)
            }
            return Array(entries.current.keys)
        }
    }

    package func makeFolder(at path: String) throws(SystemCallError) -> Bool {
        if let there = state.withLock({ $0.node(path) }) {
            guard state.withLock({ $0.image.folders[there] != nil }) else {
                throw SystemCallError("mkdir", path, code: ENOTDIR)
            }
            return false
        }
        try changing("mkdir", path) { state throws(SystemCallError) in
            let (folder, name) = try state.place("mkdir", path)
            state.perform(.makeFolder(state.image.nextNode, in: folder, name: name))
        }
        return true
    }

    package func move(_ path: String, to target: String) throws(SystemCallError) {
        try changing("rename", target) { state throws(SystemCallError) in
            let (from, name) = try state.place("rename", path)
            guard state.image.folders[from]?.current[name] != nil else {
                throw SystemCallError("rename", target, code: ENOENT)
            }
            let (to, newName) = try state.place("rename", target)
            if from != to || name != newName {
                state.perform(.rename(from: from, name: name, to: to, newName: newName))
            }
        }
    }

    package func remove(_ path: String) throws(SystemCallError) -> Bool {
        guard let node = state.withLock({ $0.node(path) }) else { return false }
        guard state.withLock({ $0.image.files[node] != nil }) else {
            throw SystemCallError("unlink", path, code: EISDIR)
        }
        return try unlink("unlink", path)
    }

    package func removeFolder(_ path: String) throws(SystemCallError) -> Bool {
        guard let node = state.withLock({ $0.node(path) }) else { return false }
        guard let entries = state.withLock({ $0.image.folders[node] }) else {
            throw SystemCallError("rmdir", path, code: ENOTDIR)
        }
        guard entries.current.isEmpty else { throw SystemCallError("rmdir", path, code: ENOTEMPTY) }
        return try unlink("rmdir", path)
    }

    private func unlink(_ call: String, _ path: String) throws(SystemCallError) -> Bool {
        try changing(call, path) { state throws(SystemCallError) in
            guard state.node(path) != nil else { return false }
            let (folder, name) = try state.place(call, path)
            state.perform(.unlink(in: folder, name: name))
            return true
        }
    }

    package func setModified(_ path: String, _ time: Timestamp) throws(SystemCallError) -> Bool {
        guard let node = state.withLock({ $0.node(path) }) else { return false }
        try changing("utimensat", path) { state throws(SystemCallError) in state.perform(.setModified(node, time)) }
        return true
    }

    package func sharedWords(_ path: String, count: Int) throws(SystemCallError) -> any SharedWords {
        let there = state.withLock { $0.node(path) }
        let node = if let there { there } else { try make(path, words: true) }
        let size = count * DiskFile.word
        if state.withLock({ $0.image.files[node]?.current.count ?? 0 }) < size {
            try changing("write", path) { state throws(SystemCallError) in state.perform(.resize(node, size: size)) }
        }
        return SimulatedWords(disk: self, node: node)
    }

    package func networkKind(of folder: String) throws(SystemCallError) -> String? { nil }

    package func canSyncWhole(_ folder: String) throws(SystemCallError) -> Bool { state.withLock { $0.canSyncWhole } }
}
