/// An AI process as it is recorded: what adding takes and reading gives.
@dynamicMemberLookup
public struct ProcessRecord: Sendable, Hashable {
    public var id: ProcessID

    // Set when it is added.
    public var type: ProcessType
    public var workspace: WorkspaceID?
    /// The process that started it.
    public var parent: ProcessID?
    /// The run it belongs to.
    public var run: RunID?

    // Changed by whoever holds the process.
    public var status: ProcessStatus
    /// Listings filter by the one it was added with.
    public var startTime: Timestamp
    public var endTime: Timestamp?
    public var error: String?

    // Changed by anyone.
    public var fields: ProcessFields
    /// In the order in which they began.
    public var conversationTurns: [ConversationTurn]

    public init(
        id: ProcessID, type: ProcessType = .default, workspace: WorkspaceID? = nil, parent: ProcessID? = nil,
        run: RunID? = nil, status: ProcessStatus = .queued, startTime: Timestamp, endTime: Timestamp? = nil,
        error: String? = nil, fields: ProcessFields = ProcessFields(), conversationTurns: [ConversationTurn] = []
    ) {
        self.id = id
        self.type = type
        self.workspace = workspace
        self.parent = parent
        self.run = run
        self.status = status
        self.startTime = startTime
        self.endTime = endTime
        self.error = error
        self.fields = fields
        self.conversationTurns = conversationTurns
    }

    /// From the start to the end; nil until it has ended, and where the end is before the start.
    public var duration: Duration? { Duration.between(startTime, endTime) }

    /// The fields, by their own names: `record.title`.
    public subscript<Value>(dynamicMember path: WritableKeyPath<ProcessFields, Value>) -> Value {
        get { fields[keyPath: path] }
        set { fields[keyPath: path] = newValue }
    }

    /// Refuses an end before the start; records of other systems keep theirs.
    /// - Throws: `invalid`.
    static func checkTimes(of id: ProcessID, from start: Timestamp, to end: Timestamp?) throws(StoreError) {
        guard let end, end < start else { return }
        throw StoreError(
            .invalid, subject: "process \(id)", detail: "its end, \(end), is before its start, \(start)")
    }

    /// Characters of a preview that is made from the prompt.
    static let previewLength = 80

    /// With a preview of the prompt, unless it has one: the first line that says something, cut.
    func withPreview() -> ProcessRecord {
        guard fields.promptPreview == nil, let prompt = fields.fullPrompt else { return self }
        let lines = prompt.split(whereSeparator: \.isNewline)
        guard let line = lines.first(where: { !$0.allSatisfy(\.isWhitespace) }) else { return self }
        var record = self
        record.fields.promptPreview =
            line.count > Self.previewLength ? line.prefix(Self.previewLength - 1) + "…" : String(line)
        return record
    }
}

/// Which named fields of a process to change; what is not named stays as it is.
public struct ProcessUpdate: Sendable, Hashable {
    /// `cancelling` asks the process to end; see `ProcessesView.cancel`.
    public var status: ProcessStatus?
    public var startTime: Timestamp?
    /// A process that ends gets the time of its end, unless one is named.
    public var endTime: SummaryUpdate.Change<Timestamp>
    public var error: SummaryUpdate.Change<String>
    /// Each in place of what the field held; null removes it.
    public var fields: [ProcessField: JSONValue]

    public init(
        status: ProcessStatus? = nil, startTime: Timestamp? = nil, endTime: SummaryUpdate.Change<Timestamp> = .keep,
        error: SummaryUpdate.Change<String> = .keep, fields: [ProcessField: JSONValue] = [:]
    ) {
        self.status = status
        self.startTime = startTime
        self.endTime = endTime
        self.error = error
        self.fields = fields
    }

    /// What whoever holds the process has to write; nil when everything named may be changed by anyone.
    var change: ProcessChange? {
        guard status != nil || startTime != nil || endTime != .keep || error != .keep else { return nil }
        return ProcessChange(status: status, startTime: startTime, endTime: endTime, error: error)
    }
}
