import Holdfast

extension RecordWriter {
    func write(_ runs: [PreparedRun], _ outcome: inout Outcome) async throws(StoreError) {
        var known = try await digests(of: runs.map(\.run.id))
        var prepared: [PreparedRun] = []
        for run in runs {
            let id = run.run.id
            switch Self.verdict(run.digest, known: known[id.rawValue]) {
            case .unchanged: outcome.unchanged += 1
            case .different: outcome.reject(run.run.place, "run \(id) is there already, with other content")
            case .new:
                known[id.rawValue] = run.digest.hexadecimal
                prepared.append(run)
            }
        }
        if isDryRun {
            for run in prepared { seen.insert(run.run.id.rawValue, run.digest) }
        } else {
            try await create(&prepared, &outcome)
        }
        outcome.imported.runs += prepared.count
        outcome.imported.artifacts += prepared.reduce(0) { $0 + $1.run.files.count }
    }

    private func digests(of ids: [RunID]) async throws(StoreError) -> [String: String] {
        var digests: [String: String] = [:]
        let page = try await store.summaries(
            SummaryQuery(ids: Array(Set(ids.map(\.rawValue))), limit: SummaryQuery.maximumLimit))
        for summary in page.elements { digests[summary.id.id] = OriginMetadata(summary.metadata)?.digest ?? "" }
        if isDryRun { for id in ids { digests[id.rawValue] = digests[id.rawValue] ?? seen[id.rawValue] } }
        return digests
    }

    // MARK: Creating

    /// Creates all in one commit, or each by itself where somebody else has made one of them meanwhile.
    private func create(_ runs: inout [PreparedRun], _ outcome: inout Outcome) async throws(StoreError) {
        guard !runs.isEmpty else { return }
        try await writeBlobs(of: &runs)
        do throws(StoreError) {
            try await commit(runs)
            return
        } catch {
            guard error.code == .alreadyExists || error.code == .tooLarge else { throw error }
        }
        var created: [PreparedRun] = []
        for run in runs {
            do throws(StoreError) {
                try await commit([run])
                created.append(run)
            } catch {
                switch error.code {
                case .alreadyExists:
                    outcome.reject(run.run.place, "run \(run.run.id) was made by somebody else meanwhile")
                case .tooLarge: outcome.reject(run.run.place, error.detail ?? "it is too large")
                default: throw error
                }
            }
        }
        runs = created
    }

    private func commit(_ runs: [PreparedRun]) async throws(StoreError) {
        var changeset = Changeset()
        for run in runs {
            changeset.appends.append(
                Changeset.Append(
                    .run(run.run.id), events: [NewEvent(at: run.run.createdAt, .restored(run.run.snapshot))]))
            changeset.summaries.append(.create(run.summary))
        }
        _ = try await store.commitSpilling(changeset)
    }

    /// Of all runs together, so that it is bounded how many are at work at once.
    private func writeBlobs(of runs: inout [PreparedRun]) async throws(StoreError) {
        let blobs = try await runs.flatMap(\.run.files).concurrently { file throws(StoreError) in
            switch file.content {
            case .bytes(let bytes): try await store.writeBlob(ByteStream(bytes))
            case .file(let path): try await store.writeBlob(ByteStream(reading: path))
            }
        }
        var left = blobs[...]
        for index in runs.indices {
            for (artifact, blob) in zip(runs[index].run.files.indices, left) {
                runs[index].run.snapshot.artifacts[artifact].digest = blob.digest
                runs[index].run.snapshot.artifacts[artifact].size = blob.size
            }
            left = left.dropFirst(runs[index].run.files.count)
        }
    }
}

extension ByteStream {
    /// The bytes of a file of the source.
    fileprivate init(reading path: String) {
        self.init {
            var file: SourceFile?
            return {
                do throws(Refusal) {
                    let open: SourceFile
                    if let file { open = file } else { open = try SourceFile(path) }
                    file = open
                    let piece = try open.read(atMost: 256 * 1024)
                    return piece.isEmpty ? nil : piece
                } catch {
                    throw StoreError(.unavailable, subject: path, detail: error.reason)
                }
            }
        }
    }
}
