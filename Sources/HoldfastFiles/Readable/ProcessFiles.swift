import Holdfast
import HoldfastLocal

/// The files of a process, and how far they show its history: `<id>.json`, and `<id>.turns.jsonl` with a line for each turn of
/// its conversation that is complete, in the order in which they were completed.
struct ProcessFiles {
    let process: ProcessID
    private let files: PlainFolder
    private var turns: LineFile
    /// Lines in the file of turns.
    private var written = 0
    /// Turns that are complete.
    private var complete = 0
    /// By stream, whether the turn is still being said.
    private var streams: [String: Bool] = [:]
    /// Folded up to the last event read; stops before one that it refuses.
    private var fold: ProcessFold
    private var isFolding = true
    /// The last event read.
    private(set) var read: Int64 = 0
    private var header: PageHeader?
    /// Not to be written again before.
    private(set) var rest: ContinuousClock.Instant = .now

    static func page(_ process: ProcessID) -> String { "processes/\(process).json" }
    static func turns(_ process: ProcessID) -> String { "processes/\(process).turns.jsonl" }

    init(_ process: ProcessID, _ files: PlainFolder) {
        self.process = process
        self.files = files
        fold = ProcessFold(id: process)
        turns = LineFile(files, Self.turns(process))
    }

    // MARK: - Turns

    /// Reads what the history has more, and appends its turns.
    mutating func readNews(_ store: any Store, position: FeedPosition) async throws(StoreError) {
        // For the first time, or since another process was at it.
        if try !turns.isAsLeft() { try await look(store, position) }
        try await append(store, position)
        guard written > complete else { return }
        // More than the store has: not of this history.
        try turns.remove()
        written = 0
        startOver()
        try await append(store, position)
    }

    private mutating func startOver() {
        (read, complete, streams, isFolding) = (0, 0, [:], true)
        fold = ProcessFold(id: process)
    }

    /// Looks at what the files show.
    private mutating func look(_ store: any Store, _ position: FeedPosition) async throws(StoreError) {
        header = try files.read(Self.page(process), count: PageHeader.size).flatMap { PageHeader($0) }
        try turns.repair()
        written = 0
        try turns.forEachLine { _ in written += 1 }
        // The turns that are missing stand in events that were read already.
        if written < complete { startOver() }
    }

    private mutating func append(_ store: any Store, _ position: FeedPosition) async throws(StoreError) {
        var lines: [UInt8] = []
        var count = written
        try await store.forEachEvent(of: .process(process), from: read + 1) { event throws(StoreError) in
            take(event)
            for turn in completed(by: event.payload) {
                complete += 1
                guard complete > count else { continue }
                lines += Self.line(turn, number: complete, position)
                count = complete
            }
            guard lines.count >= 1 << 20 else { return }
            try turns.append(lines)
            (written, lines) = (count, [])
        }
        if !lines.isEmpty { try turns.append(lines) }
        written = count
    }

    private mutating func take(_ event: Event) {
        read = event.sequence
        guard isFolding else { return }
        do throws(StoreError) {
            try fold.apply(event)
        } catch {
            // `verify` reports it; what can be shown without the fold is shown.
            isFolding = false
        }
    }

    private mutating func completed(by payload: EventPayload) -> [ConversationTurn] {
        switch payload {
        case .processAdded(let added): return added.record.conversationTurns
        case .turnStreamed(let piece):
            if streams[piece.stream] == nil { streams[piece.stream] = true }
            return []
        case .turnAppended(let appended):
            guard let stream = appended.stream else { return [appended.turn] }
            // What closes a stream again changes nothing.
            return streams.updateValue(false, forKey: stream) == false ? [] : [appended.turn]
        default: return []
        }
    }

    private static func line(_ turn: ConversationTurn, number: Int, _ position: FeedPosition) -> [UInt8] {
        var members = turn.members
        members["turn"] = .int(Int64(number))
        members["position"] = .int(position.rawValue)
        return ReadableJSON.line(members, first: ["turn", "role", "content", "timestamp"])
    }

    // MARK: - Page

    /// Whether the page shows another status, or less of the history.
    func isBehind(_ summary: Summary) throws(StoreError) -> Bool {
        if header?.asOf != read { return true }
        return try header?.state != members(summary)["status"]?.stringValue
    }

    mutating func write(_ summary: Summary, position: FeedPosition) throws(StoreError) {
        var members = try members(summary)
        // Where each would be written again with every other.
        members["conversation_turns"] = .int(Int64(complete))
        members["as_of"] = .int(read)
        members["position"] = .int(position.rawValue)
        let page = ReadableJSON.page(members, first: ["id", "status"] + PageHeader.members)
        try files.replace(Self.page(process), with: page)
        header = PageHeader(Array(page.prefix(PageHeader.size)))
    }

    private func members(_ summary: Summary) throws(StoreError) -> [String: JSONValue] {
        let json =
            isFolding
            ? try ProcessDetail(summary: summary, fold: fold).outputJSON : ProcessSummary(summary).outputJSON
        return json.objectValue ?? [:]
    }

    mutating func pause(_ duration: Duration) { rest = .now + duration }
}
