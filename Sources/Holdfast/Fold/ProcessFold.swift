/// A process as its history tells it.
///
/// `apply` is pure and total: it takes the next event or refuses it before anything changes.
public struct ProcessFold: Sendable, Hashable {
    /// A turn, said or still being said.
    public struct Turn: Sendable, Hashable {
        public internal(set) var turn: ConversationTurn
        /// Whether further pieces of it are expected.
        public internal(set) var isStreaming = false
    }

    public let id: ProcessID
    /// The last event folded; 0 before the first.
    public private(set) var sequence: Int64 = 0
    /// What the first event said, except for its turns; nil before it.
    public private(set) var added: ProcessAdded?
    /// Nil before the first event.
    public private(set) var progress: ProcessProgress?
    public private(set) var fields = ProcessFields()
    /// In the order in which they began.
    public private(set) var turns: [Turn] = []
    public private(set) var createdAt = Timestamp(milliseconds: 0)
    public private(set) var updatedAt = Timestamp(milliseconds: 0)
    /// Of the last event of a holder, or the first event.
    private var progressedAt = Timestamp(milliseconds: 0)

    /// The highest token seen, and who got it.
    public private(set) var token: LeaseToken?
    public private(set) var holder: Claimed?

    public private(set) var cancelRequestedAt: Timestamp?
    public private(set) var cancelReason: String?
    public private(set) var isPinned = false

    /// Where each turn stands that streams or has streamed.
    private var streams: [String: Int] = [:]

    public init(id: ProcessID) { self.id = id }

    /// Folds a whole history, or as much of it as is given.
    public init(id: ProcessID, events: some Sequence<Event>) throws(StoreError) {
        self.init(id: id)
        for event in events { try apply(event) }
    }
}

extension ProcessFold {
    /// Takes the next event of the history.
    /// - Throws: `illegalTransition` when the event can't follow, naming what stands against it; `corrupt` when it is
    ///   out of sequence; `invalid` for a spilled payload, which has to be read from its blob first. Nothing has changed then.
    public mutating func apply(_ event: Event) throws(StoreError) {
        guard event.sequence == sequence + 1 else {
            throw StoreError(
                .corrupt, subject: "process \(id)",
                detail: "event \(event.sequence) follows event \(sequence) in its history")
        }
        guard event.payload.isFirst == (sequence == 0) else {
            throw refusal(event, "it is legal only as the first event")
        }
        try applyPayload(of: event)
        sequence = event.sequence
        updatedAt = event.time
    }

    private func refusal(_ event: Event, _ reason: String) -> StoreError {
        StoreError(
            .illegalTransition, subject: "process \(id), event \(event.sequence) (\(event.payload.type))",
            detail: reason)
    }

    private mutating func applyPayload(of event: Event) throws(StoreError) {
        switch event.payload {
        case .processAdded(let added): try begin(added, event)
        case .claimed(let claimed): try claim(claimed, event)
        case .processChanged(let change): try progress(by: change, event)
        case .processUpdated(let changes): fields.apply(changes)
        case .turnAppended(let appended): append(appended)
        case .turnStreamed(let piece): append(piece, at: event.time)
        case .cancelRequested(let reason):
            guard let progress, !progress.status.isTerminal, cancelRequestedAt == nil else { return }
            cancelRequestedAt = event.time
            cancelReason = reason
            if progress.status == .running { self.progress?.status = .cancelling }
        case .pinned(let pinned): isPinned = pinned
        case .signalled: break
        case .spilled:
            throw StoreError(
                .invalid, subject: "process \(id), event \(event.sequence)", detail: "its payload is in a blob")
        default: throw refusal(event, "it belongs to a run")
        }
    }

    private mutating func begin(_ added: ProcessAdded, _ event: Event) throws(StoreError) {
        let record = added.record
        guard record.id == id else { throw refusal(event, "it is about process \(record.id)") }
        self.added = added
        self.added?.record.conversationTurns = []
        progress = ProcessProgress(of: record)
        fields = record.fields
        turns = record.conversationTurns.map { Turn(turn: $0) }
        createdAt = record.startTime
        progressedAt = event.time
        if record.status == .cancelling { cancelRequestedAt = event.time }
    }

    private mutating func claim(_ claimed: Claimed, _ event: Event) throws(StoreError) {
        guard let new = event.token, token.map({ $0 < new }) ?? true else {
            throw refusal(event, "its token is not higher than the last")
        }
        token = new
        holder = claimed
    }

    private mutating func progress(by change: ProcessChange, _ event: Event) throws(StoreError) {
        guard let token, event.token == token else { throw refusal(event, "its token is not the highest") }
        guard let current = progress else { throw refusal(event, "it has no first event") }
        guard var next = current.applying(change, at: event.time, token: token) else {
            throw refusal(event, current.status.refusal(of: change.status))
        }
        if current.status.isTerminal, !next.status.isTerminal {
            cancelRequestedAt = nil
            cancelReason = nil
        }
        if next.status == .running, cancelRequestedAt != nil { next.status = .cancelling }
        progress = next
        progressedAt = event.time
    }
}

extension ProcessStatus {
    /// Why the transition table has no step to another status.
    func refusal(of next: ProcessStatus?) -> String {
        next == .cancelling
            ? "it is asked to cancel by a request"
            : "a process that is \(rawValue) can't become \(next?.rawValue ?? "")"
    }
}

// MARK: - Turns

extension ProcessFold {
    private mutating func append(_ appended: TurnAppended) {
        guard let stream = appended.stream else { return turns.append(Turn(turn: appended.turn)) }
        guard let place = streams[stream] else {
            streams[stream] = turns.count
            return turns.append(Turn(turn: appended.turn))
        }
        // Closed once: what comes late changes nothing.
        if turns[place].isStreaming { turns[place] = Turn(turn: appended.turn) }
    }

    private mutating func append(_ piece: TurnPiece, at time: Timestamp) {
        guard let place = streams[piece.stream] else {
            streams[piece.stream] = turns.count
            let turn = ConversationTurn(role: piece.role, content: piece.text, timestamp: time)
            return turns.append(Turn(turn: turn, isStreaming: true))
        }
        guard turns[place].isStreaming else { return }
        // Taken out while it grows, so that it is not copied for each piece.
        guard case .string(var said)? = turns[place].turn.members.removeValue(forKey: "content") else { return }
        said += piece.text
        turns[place].turn.members["content"] = .string(said)
    }
}

// MARK: - Reading

extension ProcessFold {
    /// The record, with what was said so far of turns that stream; nil before the first event. A holder's death is not seen
    /// here, as it is no event.
    public var record: ProcessRecord? {
        guard var record = added?.record, let progress else { return nil }
        record.status = progress.status
        record.startTime = progress.startTime
        record.endTime = progress.endTime
        record.error = progress.error
        record.fields = fields
        record.conversationTurns = turns.map(\.turn)
        return record
    }

    /// The holder's columns of the summary, as of the last event folded.
    public var summaryColumns: Summary.Folded {
        guard let progress else { preconditionFailure("process \(id) has no first event") }
        return progress.columns(asOf: sequence, updatedAt: progressedAt)
    }

    /// The row that belongs to the history as far as it is folded, without a lease.
    /// - Precondition: the first event was folded.
    public var summary: Summary {
        guard let added else { preconditionFailure("process \(id) has no first event") }
        let record = added.record
        return Summary(
            id: .process(id), dag: DAGID(unchecked: record.type.rawValue), workspace: record.workspace,
            parent: record.parent.map { RunID(unchecked: $0.rawValue) },
            trigger: added.origin == .imported ? RunCreated.importTrigger : "manual", logicalDate: createdAt,
            labels: record.run.map { [ProcessRecord.runLabel: $0.rawValue] } ?? [:], createdAt: createdAt,
            folded: summaryColumns, isPinned: isPinned, metadata: fields.listed, cancelRequestedAt: cancelRequestedAt)
    }
}

extension ProcessRecord {
    /// The label that names the run a process belongs to.
    static let runLabel = "run_id"
}
