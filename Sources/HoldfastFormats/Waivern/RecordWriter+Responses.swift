import Holdfast

/// A cached response of another system.
struct ImportedResponse: Sendable {
    var place: Place
    var key: CacheKey
    var value: JSONValue
}

extension RecordWriter {
    func write(_ response: ImportedResponse, _ outcome: inout Outcome) async throws(StoreError) {
        let digest = Digest(of: response.value.encoded())
        var known = try await store.cache.peek(response.key).map { Digest(of: $0.encoded()).hexadecimal }
        if isDryRun { known = known ?? seen["cached \(response.key)"] }
        switch Self.verdict(digest, known: known) {
        case .unchanged: outcome.unchanged += 1
        case .different: outcome.reject(response.place, "the cache has another response under this key")
        case .new:
            do throws(StoreError) {
                if isDryRun {
                    seen.insert("cached \(response.key)", digest)
                } else {
                    try await store.cache.addImported(response.key, response.value)
                }
                outcome.imported.cached += 1
            } catch {
                guard error.code == .tooLarge else { throw error }
                outcome.reject(response.place, error.detail ?? "it is too large")
            }
        }
    }
}
