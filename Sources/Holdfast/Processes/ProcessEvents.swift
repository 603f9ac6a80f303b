/// How the record of a process came to be, with everything that its history needs to fold alone.
public struct ProcessAdded: Sendable, Hashable {
    public enum Origin: String, Sendable, Hashable {
        case added = "process_added"
        /// Taken over from another system.
        case imported = "process_imported"
    }

    public var origin: Origin
    public var record: ProcessRecord

    public init(origin: Origin = .added, record: ProcessRecord) {
        self.origin = origin
        self.record = record
    }
}

/// What the holder of a process says about how it goes on.
public struct ProcessChange: Sendable, Hashable {
    /// Never `cancelling`, which is a request.
    public var status: ProcessStatus?
    public var startTime: Timestamp?
    public var endTime: SummaryUpdate.Change<Timestamp>
    public var error: SummaryUpdate.Change<String>
    /// Whether the writer goes on holding it: from then on the process counts as given up when its worker is dead.
    public var isOwned: Bool

    public init(
        status: ProcessStatus? = nil, startTime: Timestamp? = nil, endTime: SummaryUpdate.Change<Timestamp> = .keep,
        error: SummaryUpdate.Change<String> = .keep, isOwned: Bool = false
    ) {
        self.status = status
        self.startTime = startTime
        self.endTime = endTime
        self.error = error
        self.isOwned = isOwned
    }
}

/// A whole turn.
public struct TurnAppended: Sendable, Hashable {
    public var turn: ConversationTurn
    /// The stream whose pieces this closes and takes the place of.
    public var stream: String?

    public init(_ turn: ConversationTurn, stream: String? = nil) {
        self.turn = turn
        self.stream = stream
    }
}

/// The next piece of a turn that is still being said.
public struct TurnPiece: Sendable, Hashable {
    /// Which of the turns that stream at once; any text that no other has.
    public var stream: String
    /// Counts for the first piece.
    public var role: String
    public var text: String

    public init(stream: String, role: String, text: String) {
        self.stream = stream
        self.role = role
        self.text = text
    }
}
