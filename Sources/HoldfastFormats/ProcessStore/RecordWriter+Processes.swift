import Holdfast

extension RecordWriter {
    // MARK: Processes

    func write(_ processes: [PreparedProcess]) async throws(StoreError) -> Outcome {
        var outcome = Outcome()
        var known = try await digests(of: processes.map(\.record.id))
        var created: [PreparedProcess] = []
        for process in processes {
            let (id, digest) = (process.record.id, process.digest)
            switch Self.verdict(digest, known: known[id.rawValue]) {
            case .unchanged: outcome.unchanged += 1
            case .different: outcome.reject(process.place, "process \(id) is there already, with other content")
            case .new:
                known[id.rawValue] = digest.hexadecimal
                created.append(process)
                if isDryRun { seen.insert("process \(id)", digest) }
            }
        }
        if !isDryRun { try await create(&created, &outcome) }
        outcome.imported.processes += created.count
        return outcome
    }

    private func digests(of ids: [ProcessID]) async throws(StoreError) -> [String: String] {
        var digests: [String: String] = [:]
        let page = try await store.summaries(
            SummaryQuery(
                kind: .process, ids: Array(Set(ids.map(\.rawValue))), limit: SummaryQuery.maximumLimit))
        for process in page.elements.map(ProcessSummary.init) {
            digests[process.id.rawValue] = OriginMetadata(process.fields.metadata)?.digest ?? ""
        }
        if isDryRun { for id in ids { digests[id.rawValue] = digests[id.rawValue] ?? seen["process \(id)"] } }
        return digests
    }

    /// Creates all in one commit, or each by itself where somebody else has made one of them meanwhile.
    private func create(_ processes: inout [PreparedProcess], _ outcome: inout Outcome) async throws(StoreError) {
        guard !processes.isEmpty else { return }
        do throws(StoreError) {
            return try await commit(processes)
        } catch {
            guard error.code == .alreadyExists else { throw error }
        }
        var created: [PreparedProcess] = []
        for process in processes {
            do throws(StoreError) {
                try await commit([process])
                created.append(process)
            } catch {
                guard error.code == .alreadyExists else { throw error }
                outcome.reject(process.place, "process \(process.record.id) was made by somebody else meanwhile")
            }
        }
        processes = created
    }

    private func commit(_ processes: [PreparedProcess]) async throws(StoreError) {
        var changeset = Changeset()
        for process in processes {
            let one = try Changeset.adding(process.record, origin: .imported, at: process.record.startTime)
            changeset.appends += one.appends
            changeset.summaries += one.summaries
        }
        _ = try await store.commitSpilling(changeset)
    }

    // MARK: Workspaces

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

/// A process of another system.
struct ImportedProcess: Sendable {
    var place: Place
    var record: ProcessRecord
    var origin: ImportedRun.Origin
}

/// A process that is ready to be created, with what is kept of the original in its metadata.
struct PreparedProcess: Sendable {
    let place: Place
    var record: ProcessRecord
    /// Of the original, by which it is known again.
    let digest: Digest

    init(_ process: ImportedProcess) {
        place = process.place
        record = process.record
        digest = Digest(of: process.origin.record.encoded())
        let written = ProcessStoreRecord.document(of: record)
        let remainder = Remainder.of(process.origin.record, writtenAs: written) ?? [:]
        record.fields.metadata[OriginMetadata.name] = .object(
            OriginMetadata(process.origin, digest: digest, remainder: remainder).members)
    }
}

struct ImportedWorkspace: Sendable {
    var place: Place
    var workspace: Workspace
    var record: JSONValue
}
