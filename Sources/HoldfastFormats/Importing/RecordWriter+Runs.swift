import Holdfast

extension RecordWriter {
    func write(_ runs: [PreparedRun]) async throws(StoreError) -> Outcome {
        var outcome = Outcome()
        var known = try await digests(of: runs.map(\.run.id))
        var prepared: [PreparedRun] = []
        for run in runs {
            let id = run.run.id
            switch Self.verdict(run.digest, known: known[id.rawValue] ?? run.found) {
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
        return outcome
    }

    /// Under which digest each of these is there.
    func digests(of ids: [RunID]) async throws(StoreError) -> [String: String] {
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
}
