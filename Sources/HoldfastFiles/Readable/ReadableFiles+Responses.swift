import Holdfast
import HoldfastLocal

// Showing cached responses: a file each, named by the digest of what was asked.

extension ReadableFiles {
    private static let responses = "cache"

    /// Shows the responses that this process has changed; the first time, brings the folder to what the cache holds.
    /// - Returns: whether all could be shown.
    func showResponses(_ changed: Set<String>, isFirst: Bool) async -> Bool {
        await attempt(Self.responses) { () throws(StoreError) in
            var names = changed
            if isFirst { names.formUnion(try await responsesToShow()) }
            for name in names { try await showResponse(name) }
        }
    }

    /// What has no file, and what has one and is gone.
    private func responsesToShow() async throws(StoreError) -> Set<String> {
        let ending = ".json"
        let shown = try files.names(in: Self.responses).filter { $0.hasSuffix(ending) }
        return try await store.cache.keys().symmetricDifference(shown.map { String($0.dropLast(ending.count)) })
    }

    private func showResponse(_ name: String) async throws(StoreError) {
        // What somebody else has put there is left alone.
        guard let digest = Digest(hexadecimal: name) else { return }
        let path = "\(Self.responses)/\(name).json"
        guard let value = try await store.cache.peek(CacheKey(digest: digest)) else { return try files.remove(path) }
        let members: [String: JSONValue] = [
            "position": .int(cursor.rawValue), "key": .string(name), "value": value,
        ]
        try files.replace(path, with: ReadableJSON.page(members, first: ["position", "key"]))
    }
}
