// XComs and artifacts: what a run keeps of them.

extension RunFold {
    // MARK: XComs

    func xcoms(
        from values: [String: JSONValue], of instance: InstanceID, _ event: Event
    ) throws(StoreError) -> [String: XCom] {
        var xcoms: [String: XCom] = [:]
        for (key, value) in values {
            let xcom = XCom(value, createdAt: event.time, sequence: event.sequence, mapIndex: instance.mapIndex)
            guard xcom.size <= XCom.maximumSize else {
                throw StoreError(
                    .tooLarge, subject: "run \(id), event \(event.sequence), XCom \(quoted(key))",
                    detail: "at most 1 MiB; leave an artifact instead")
            }
            xcoms[key] = xcom
        }
        return xcoms
    }

    mutating func setXCom(_ value: JSONValue, _ key: String, of id: InstanceID, _ event: Event) throws(StoreError) {
        let slot = try findSlot(id, event)
        if slot == nil, let index = nodeIndex[id.task], nodes[index].hook != nil {
            // An instance of its own would look as if the hook had been started.
            throw refusal(event, "\(id) has not run")
        }
        let xcoms = try xcoms(from: [key: value], of: id, event)
        instances[slot ?? addDynamicInstance(id)].xcoms.merge(xcoms) { _, new in new }
    }

    // MARK: Artifacts

    mutating func keep(_ artifact: ArtifactReference) {
        guard artifacts.updateValue(artifact, forKey: artifact.key) == nil else { return }
        for folder in artifact.key.folders { artifactFolders[folder, default: 0] += 1 }
    }

    mutating func drop(_ key: ArtifactKey) {
        guard artifacts.removeValue(forKey: key) != nil else { return }
        for folder in key.folders {
            let rest = artifactFolders[folder, default: 1] - 1
            artifactFolders[folder] = rest > 0 ? rest : nil
        }
    }

    /// A key that is a folder of another is refused: as files they could not both exist.
    func checkSaving(_ saved: [ArtifactReference], _ event: Event) throws(StoreError) {
        var keys: Set<ArtifactKey> = []
        var folders: [ArtifactKey: ArtifactKey] = [:]
        for key in saved.lazy.map(\.key) {
            let inside = folders[key] ?? (artifactFolders[key] == nil ? nil : artifacts.keys.first(where: key.clashes))
            let around = key.folders.first { keys.contains($0) || artifacts[$0] != nil }
            if let other = inside ?? around {
                throw refusal(event, "artifact \(key) clashes with \(other): one is a folder of the other")
            }
            keys.insert(key)
            for folder in key.folders { folders[folder] = key }
        }
    }
}
