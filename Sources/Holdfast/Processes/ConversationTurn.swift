/// One turn of the conversation with an AI process: a JSON object, kept member by member as it was given.
public struct ConversationTurn: Sendable, Hashable {
    /// `role`, `content`, `timestamp`, and whatever else there is to say about the turn.
    public var members: [String: JSONValue]

    /// Takes an object as it is.
    public init(members: [String: JSONValue]) { self.members = members }

    /// - Parameters:
    ///   - role: who speaks: `user`, `assistant`, ….
    ///   - timestamp: nil for when it is written.
    ///   - more: further members.
    public init(
        role: String, content: String, timestamp: Timestamp? = nil, more: [String: JSONValue] = [:]
    ) {
        members = more
        members["role"] = .string(role)
        members["content"] = .string(content)
        if let timestamp { members["timestamp"] = .string(timestamp.description) }
    }

    public var role: String? { members["role"]?.stringValue }
    public var content: String? { members["content"]?.stringValue }
    public var timestamp: Timestamp? { members["timestamp"]?.stringValue.flatMap { Timestamp($0) } }

    /// The turn with the time it is written at, unless it has one.
    func stamped(at time: Timestamp) -> ConversationTurn {
        guard members["timestamp"]?.isNull ?? true else { return self }
        var turn = self
        turn.members["timestamp"] = .string(time.description)
        return turn
    }
}
