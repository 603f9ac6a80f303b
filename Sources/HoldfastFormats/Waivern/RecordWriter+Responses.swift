import Holdfast

/// A cached response of another system.
struct ImportedResponse: Sendable {
    var place: Place
    var key: CacheKey
    var value: JSONValue
}

extension RecordWriter {
    func write(_ responses: [ImportedResponse]) async throws(StoreError) -> Outcome {
        try await retryingConflicts { () throws(StoreError) in try await writeOnce(responses) }
    }

    private func writeOnce(_ responses: [ImportedResponse]) async throws(StoreError) -> Outcome {
        var outcome = Outcome()
        let found = try await responses.concurrently { response throws(StoreError) in
            try await store.cache.peek(response.key).map { Digest(of: $0.encoded()) }
        }
        var new: [CacheKey: JSONValue] = [:]
        var digests: [CacheKey: Digest] = [:]
        for (response, found) in zip(responses, found) {
            let bytes = response.value.encoded()
            let digest = Digest(of: bytes)
            let known = (found ?? digests[response.key])?.hexadecimal
            switch Self.verdict(digest, known: known ?? (isDryRun ? seen["cached \(response.key)"] : nil)) {
            case .unchanged: outcome.unchanged += 1
            case .different: outcome.reject(response.place, "the cache has another response under this key")
            case .new where bytes.count > CacheView.maximumSize:
                outcome.reject(response.place, "at most \(CacheView.maximumSize) bytes are kept")
            case .new:
                if isDryRun { seen.insert("cached \(response.key)", digest) }
                digests[response.key] = digest
                new[response.key] = response.value
                outcome.imported.cached += 1
            }
        }
        if !isDryRun { try await store.cache.addImported(new) }
        return outcome
    }
}
