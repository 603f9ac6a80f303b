import Holdfast

/// The original of a DAG, beside its definition, which can't hold all of it.
enum DAGOrigin {
    static let recordKind = "imported_dag"

    static func record(_ id: DAGID, _ original: JSONValue, _ digest: Digest) -> Record {
        Record(
            kind: recordKind, key: id.rawValue, body: ["digest": .string(digest.hexadecimal), "record": original])
    }
}

extension RecordWriter {
    func write(_ dag: ImportedDAG, _ outcome: inout Outcome) async throws(StoreError) {
        let id = dag.definition.name
        let digest = Digest(of: dag.record.encoded())
        switch Self.verdict(digest, known: try await knownDigest(of: id)) {
        case .unchanged: outcome.unchanged += 1
        case .different: outcome.reject(dag.place, "DAG \(id) is there already, with other content")
        case .new:
            let record = DAGOrigin.record(id, dag.record, digest)
            guard dag.record.encoded().count <= Record.maximumBodySize / 2 else {
                return outcome.reject(dag.place, "DAG \(id) is too large")
            }
            if isDryRun {
                seen.insert("dag \(id)", digest)
            } else {
                try await store.dags.register(dag.definition)
                _ = try await store.commit(Changeset(records: [.put(record, expectedVersion: nil)]))
            }
            outcome.imported.dags += 1
        }
    }

    private func knownDigest(of id: DAGID) async throws(StoreError) -> String? {
        let records = try await store.records(RecordQuery(kind: DAGOrigin.recordKind, .key(id.rawValue), limit: 1))
        if let record = records.elements.first { return record.body["digest"]?.stringValue ?? "" }
        do throws(StoreError) {
            _ = try await store.dags.get(id)
            return ""
        } catch {
            guard error.code == .notFound else { throw error }
            return isDryRun ? seen["dag \(id)"] : nil
        }
    }
}
