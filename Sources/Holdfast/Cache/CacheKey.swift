/// What a cached response is found by: a SHA-256 of named parts.
public struct CacheKey: Sendable, Hashable, CustomStringConvertible {
    public let digest: Digest

    /// A key that was worked out elsewhere.
    public init(digest: Digest) { self.digest = digest }

    /// The SHA-256 of the parts as one JSON object with sorted names: no two different sets of parts come to the same text.
    public init(_ parts: [String: JSONValue]) { digest = Digest(of: JSONValue.object(parts).encoded()) }

    /// The SHA-256 of `prompt|model|response_model`: the key that stores of model responses use, and that imported ones have.
    public init(prompt: String, model: String, responseModel: String) {
        digest = Digest(of: "\(prompt)|\(model)|\(responseModel)".utf8)
    }

    public var description: String { digest.hexadecimal }
}
