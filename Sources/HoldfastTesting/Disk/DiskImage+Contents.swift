import Holdfast

extension DiskImage {
    /// Every file by its path, as programs see it. Folders without files are not among them.
    package var contents: [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        collect(Self.root, "", into: &contents)
        return contents
    }

    private func collect(_ folder: Node, _ path: String, into contents: inout [String: [UInt8]]) {
        for (name, node) in folders[folder]?.current ?? [:] {
            if let file = files[node] { contents["\(path)/\(name)"] = file.current }
            collect(node, "\(path)/\(name)", into: &contents)
        }
    }

    /// A disk with these files, all of them safe on it.
    package init(contents: [String: [UInt8]]) {
        self.init()
        var made: [String: Node] = ["": Self.root]
        for (path, content) in contents.sorted(by: { $0.key < $1.key }) {
            let names = path.split(separator: "/").map(String.init)
            var folder = ""
            for name in names.dropLast() {
                let inner = "\(folder)/\(name)"
                if made[inner] == nil {
                    made[inner] = nextNode
                    apply(.makeFolder(nextNode, in: made[folder] ?? Self.root, name: name))
                }
                folder = inner
            }
            let node = nextNode
            apply(
                .makeFile(
                    node, in: made[folder] ?? Self.root, name: names.last ?? path, at: Timestamp(milliseconds: 0)))
            apply(.write(node, offset: 0, bytes: content))
        }
        apply(.syncAll)
    }
}
