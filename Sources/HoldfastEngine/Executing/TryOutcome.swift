import Holdfast

/// How a try ended and what it left.
struct TryOutcome: Sendable {
    enum Ending: Sendable, Equatable {
        case success
        case failure(error: String)
        /// Holdfast ended it: a cancel, a mark, an interrupt.
        case stopped
    }

    var ending: Ending
    var exitCode: Int?
    var xcoms: [String: JSONValue] = [:]
    var artifacts: [ArtifactReference] = []
    /// The key under which it was found in the cache; nil when the task was run.
    var cachedAs: Digest?
}
