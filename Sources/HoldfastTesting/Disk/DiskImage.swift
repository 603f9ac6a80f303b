/// What a disk holds, twice: as programs see it, and as a power cut is sure to leave it. Between the two stands what was
/// written since the last `fsync` of each file and folder.
///
/// A value: an operation applied to one copy changes no other.
package struct DiskImage: Sendable {
    /// A file or a folder, whatever its name; never used again.
    package typealias Node = Int

    static let root: Node = 0

    private(set) var files: [Node: DiskFile] = [:]
    private(set) var folders: [Node: DiskFolder] = [root: DiskFolder()]
    /// Changes of folders that are not on the disk for sure, oldest first.
    private var pendingEntries: [EntryChange] = []
    private(set) var nextNode: Node = root + 1

    package init() {}

    /// One act on folders; as far as it touches one folder, all or nothing of it is on the disk.
    private struct EntryChange: Sendable {
        struct Assignment: Sendable {
            var folder: Node
            var name: String
            /// Nil: the name goes away.
            var node: Node?
        }

        var assignments: [Assignment]
    }
}

/// The names in a folder.
struct DiskFolder: Sendable {
    /// On the disk for sure.
    var durable: [String: DiskImage.Node] = [:]
    /// As programs see it.
    var current: [String: DiskImage.Node] = [:]
}

// MARK: - Applying what was recorded

extension DiskImage {
    package mutating func apply(_ operation: DiskOperation) {
        switch operation {
        case .makeFile(let node, let folder, let name, let time):
            add(node, file: DiskFile(modified: time), in: folder, name)
        case .makeWords(let node, let folder, let name, let time):
            add(node, file: DiskFile(unit: DiskFile.word, modified: time), in: folder, name)
        case .makeFolder(let node, let folder, let name):
            folders[node] = DiskFolder()
            add(node, in: folder, name)
        case .write(let node, let offset, let bytes): files[node]?.write(bytes, at: offset)
        case .resize(let node, let size): files[node]?.resize(to: size)
        case .setModified(let node, let time): files[node]?.modified = time
        case .sync(let node): sync(node)
        case .syncAll: for node in Array(files.keys) + Array(folders.keys) { sync(node) }
        case .failedSync(let node): files[node]?.loseWrites()
        case .failedSyncAll: for node in Array(files.keys) { files[node]?.loseWrites() }
        case .rename(let from, let name, let to, let newName):
            guard let node = folders[from]?.current[name] else { return }
            enter([.init(folder: from, name: name, node: nil), .init(folder: to, name: newName, node: node)])
        case .unlink(let folder, let name): enter([.init(folder: folder, name: name, node: nil)])
        case .note: break
        }
    }

    private mutating func add(_ node: Node, file: DiskFile? = nil, in folder: Node, _ name: String) {
        files[node] = file
        nextNode = max(nextNode, node + 1)
        enter([.init(folder: folder, name: name, node: node)])
    }

    private mutating func enter(_ assignments: [EntryChange.Assignment]) {
        for assignment in assignments { folders[assignment.folder]?.current[assignment.name] = assignment.node }
        pendingEntries.append(EntryChange(assignments: assignments))
    }

    private mutating func sync(_ node: Node) {
        files[node]?.sync()
        guard folders[node] != nil else { return }
        for index in pendingEntries.indices {
            for assignment in pendingEntries[index].assignments where assignment.folder == node {
                folders[node]?.durable[assignment.name] = assignment.node
            }
            pendingEntries[index].assignments.removeAll { $0.folder == node }
        }
        pendingEntries.removeAll { $0.assignments.isEmpty }
    }
}

// MARK: - After a power cut

extension DiskImage {
    /// One of the states that a power cut at this moment may leave. What is in it is on the disk, and what no folder
    /// names any more is gone.
    package func cut(_ choice: CutChoice) -> DiskImage {
        var choice = choice
        var left = DiskImage()
        left.nextNode = nextNode
        var names = folders.mapValues(\.durable)
        for change in pendingEntries where choice.keeps() {
            for assignment in change.assignments { names[assignment.folder]?[assignment.name] = assignment.node }
        }
        left.keep(Self.root, of: self, names, &choice)
        return left
    }

    /// Sorted, so that the same choice gives the same state.
    private mutating func keep(
        _ folder: Node, of whole: DiskImage, _ names: [Node: [String: Node]], _ choice: inout CutChoice
    ) {
        let entries = names[folder] ?? [:]
        folders[folder] = DiskFolder(durable: entries, current: entries)
        for (_, node) in entries.sorted(by: { $0.key < $1.key }) {
            if whole.folders[node] != nil { keep(node, of: whole, names, &choice) }
            if files[node] == nil, let file = whole.files[node] { files[node] = file.cut(&choice) }
        }
    }
}
