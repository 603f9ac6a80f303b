import Holdfast

extension RecordWriter {
    func write(_ imported: ImportedWorkspace, _ outcome: inout Outcome) async throws(StoreError) {
        var workspace = imported.workspace
        let digest = Digest(of: imported.record.encoded())
        switch Self.verdict(digest, known: try await knownDigest(of: workspace.id)) {
        case .unchanged: outcome.unchanged += 1
        case .different:
            outcome.reject(imported.place, "workspace \(workspace.id) is there already, with other content")
        case .new:
            let written = ProcessStoreWorkspace.document(of: workspace)
            let origin = OriginMetadata(
                ImportedRun.Origin(
                    format: .processStore, id: imported.record["id"]?.stringValue ?? "", record: imported.record),
                digest: digest, remainder: Remainder.of(imported.record, writtenAs: written) ?? [:])
            workspace.metadata[OriginMetadata.name] = .object(origin.members)
            if isDryRun {
                seen.insert("workspace \(workspace.id)", digest)
            } else {
                _ = try await store.commit(Changeset(records: [.put(workspace.record, expectedVersion: 0)]))
            }
            outcome.imported.workspaces += 1
        }
    }

    private func knownDigest(of id: WorkspaceID) async throws(StoreError) -> String? {
        do throws(StoreError) {
            return OriginMetadata(try await store.workspaces.get(id).metadata)?.digest ?? ""
        } catch {
            guard error.code == .notFound else { throw error }
            return isDryRun ? seen["workspace \(id)"] : nil
        }
    }
}

struct ImportedWorkspace: Sendable {
    var place: Place
    var workspace: Workspace
    var record: JSONValue
}
