import Holdfast

// An entry read back from the text behind a line's head.

extension JournalEntry {
    /// - Parameters:
    ///   - bytes: a whole line; the entry's ranges count from its first byte.
    ///   - start: of the first comma behind the head, or of the closing brace.
    init(_ bytes: UnsafeRawBufferPointer, from start: Int) throws(LineProblem) {
        var reader = LineReader(bytes, from: start)
        var history: HistoryID?
        while reader.skips(UInt8(ascii: ",")) {
            let nameStart = reader.index
            switch try reader.name() {
            case "run": history = .run(try reader.identifier())
            case "process": history = .process(try reader.identifier())
            case "ms":
                guard let history else { throw LineProblem("an event of nothing at byte \(nameStart)") }
                // The payload's members are all that follows.
                let end = bytes.count - 1
                try readEvent(of: history, bytes, nameStart..<max(nameStart, end))
                reader = LineReader(bytes, from: max(end, 0))
            case "events": try reader.elements { element throws(LineProblem) in try readEvent(&element) }
            case "summaries":
                try reader.elements { element throws(LineProblem) in summaries.append(try element.summaryChange()) }
            case "records":
                try reader.elements { element throws(LineProblem) in records.append(try element.recordEntry().entry) }
            case "deleted":
                try reader.elements { element throws(LineProblem) in deletions.append(try element.historyAndToken().0) }
            case "released":
                try reader.elements { element throws(LineProblem) in
                    let (history, token) = try element.historyAndToken()
                    guard let token else { throw LineProblem("a release without a token") }
                    releases.append(Changeset.Release(history, token: token))
                }
            case "worker": worker = try reader.worker()
            case "versions": try reader.elements { element throws(LineProblem) in versions.append(try element.int()) }
            case "keep": keepsUntil = try reader.timestamp()
            default: try reader.skipValue()
            }
        }
        try reader.expect(UInt8(ascii: "}"))
        guard reader.isAtEnd else { throw LineProblem("unexpected text behind the line's object") }
        guard versions.count == records.count else { throw LineProblem("its records have other versions") }
    }

    /// An element of `events`: a history, with claims a token, then time and payload.
    private mutating func readEvent(_ reader: inout LineReader) throws(LineProblem) {
        let range = reader.index
        let whole = try { (reader: inout LineReader) throws(LineProblem) in try reader.skipValue() }(&reader)
        var members = LineReader(reader.bytes, from: range, to: whole.upperBound)
        try members.expect(UInt8(ascii: "{"))
        var history: HistoryID?
        var token: LeaseToken?
        while true {
            let start = members.index
            switch try members.name() {
            case "run": history = .run(try members.identifier())
            case "process": history = .process(try members.identifier())
            case "token": token = LeaseToken(rawValue: try members.int())
            case "ms":
                guard let history else { throw LineProblem("an event of nothing at byte \(start)") }
                try readEvent(of: history, reader.bytes, start..<(whole.upperBound - 1))
                try readGrant(token, reader.bytes)
                return
            default: try members.skipValue()
            }
            try members.expect(UInt8(ascii: ","))
        }
    }

    /// The grant behind the claim that was just read.
    private mutating func readGrant(_ token: LeaseToken?, _ bytes: UnsafeRawBufferPointer) throws(LineProblem) {
        guard let event = events.last, event.kind == .claim else { return }
        guard let token else { throw LineProblem("a claim without a token") }
        guard case .claimed(let claimed) = try StoredEvent(bytes, event.range).payload() else {
            throw LineProblem("a claim that is none")
        }
        leases.append(Grant(token: token, takenOverFrom: claimed.takenOverFrom))
    }

    private mutating func readEvent(
        of history: HistoryID, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(LineProblem) {
        let traits = try EventTraits(bytes, range)
        events.append(
            Event(history: history, kind: traits.kind, task: traits.task, blobs: traits.blobs, range: range))
    }
}

/// What the index has to know of a payload, found without decoding it where that can be avoided.
private struct EventTraits {
    var kind = JournalEntry.Kind.own
    var task: TaskID?
    var blobs: [Digest] = []

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(LineProblem) {
        var reader = LineReader(bytes, from: range.lowerBound, to: range.upperBound)
        var leavesXCom = false
        var mustDecode = false
        repeat {
            switch try reader.name() {
            case "type":
                switch try reader.string() {
                case "step": leavesXCom = true
                case "started", "task_started", "task_finished", "task_decided", "task_expanded", "finished": break
                case let type where EventPayload.firstTypes.contains(type): kind = .first
                case let type where EventPayload.requestTypes.contains(type): kind = .request
                default: mustDecode = true
                }
            case "task" where !mustDecode: task = try reader.identifier()
            case "xcoms":
                leavesXCom = true
                try reader.skipValue()
            case "artifacts": mustDecode = try reader.skipValue().count > 2 || mustDecode
            case "spilled":
                mustDecode = true
                try reader.skipValue()
            default: try reader.skipValue()
            }
        } while reader.skips(UInt8(ascii: ","))
        guard reader.isAtEnd else { throw LineProblem("unexpected text in an event at byte \(reader.index)") }
        if !leavesXCom { task = nil }
        guard mustDecode else { return }
        let payload = try StoredEvent(bytes, range).payload()
        (kind, task, blobs) = (JournalEntry.Kind(payload), payload.xcomTask, payload.blobs)
    }
}

/// Time and payload of an event as they stand in a line: `"ms":…,"type":…`, without the braces around.
struct StoredEvent {
    let time: Timestamp
    private let members: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(LineProblem) {
        var reader = LineReader(bytes, from: range.lowerBound, to: range.upperBound)
        guard "ms" ~= (try reader.name()) else { throw LineProblem("expected the time of an event") }
        time = try reader.timestamp()
        try reader.expect(UInt8(ascii: ","))
        members = UnsafeRawBufferPointer(rebasing: bytes[reader.index..<range.upperBound])
    }

    func payload() throws(LineProblem) -> EventPayload {
        do throws(StoreError) {
            return try decode()
        } catch {
            throw LineProblem(error.detail ?? error.description)
        }
    }

    /// - Throws: `corrupt`, `newerFormat`.
    func decode() throws(StoreError) -> EventPayload {
        let result = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: members.count + 2) { buffer in
            buffer[0] = UInt8(ascii: "{")
            UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[1...])).copyMemory(from: members)
            buffer[members.count + 1] = UInt8(ascii: "}")
            return Result { () throws(StoreError) in try EventCodec.decode(UnsafeBufferPointer(buffer)) }
        }
        return try result.get()
    }
}

extension LineReader {
    /// `{"run":…}`, with or without a token.
    mutating func historyAndToken() throws(LineProblem) -> (HistoryID, LeaseToken?) {
        var history: HistoryID?
        var token: LeaseToken?
        try members { reader, name throws(LineProblem) in
            switch name {
            case "run": history = .run(try reader.identifier())
            case "process": history = .process(try reader.identifier())
            case "token": token = LeaseToken(rawValue: try reader.int())
            default: try reader.skipValue()
            }
        }
        guard let history else { throw LineProblem("expected a run or a process before byte \(index)") }
        return (history, token)
    }

    /// A record, with its version where that stands beside it.
    mutating func recordEntry() throws(LineProblem) -> (entry: JournalEntry.RecordEntry, version: Int64) {
        var (kind, key): (String?, String?)
        var content = JournalEntry.RecordEntry.Content(range: 0..<0)
        var version: Int64 = 0
        try members { reader, name throws(LineProblem) in
            switch name {
            case "kind": kind = try reader.string()
            case "key": key = try reader.string()
            case "version": version = try reader.int()
            case "order": content.orderKey = try reader.string()
            case "expires": content.expiresAt = try reader.timestamp()
            case "body": content.range = try reader.skipValue()
            default: try reader.skipValue()
            }
        }
        guard let kind, let key else { throw LineProblem("a record without kind or key before byte \(index)") }
        let isDeletion = content.range.isEmpty
        return (JournalEntry.RecordEntry(kind: kind, key: key, content: isDeletion ? nil : content), version)
    }

    mutating func worker() throws(LineProblem) -> Worker {
        var id: WorkerID?
        var (host, bootID): (String, String?) = ("", nil)
        var (processID, until): (Int64, Timestamp?) = (0, nil)
        try members { reader, name throws(LineProblem) in
            switch name {
            case "id": id = try reader.identifier()
            case "host": host = try reader.string()
            case "boot": bootID = try reader.string()
            case "process": processID = try reader.int()
            case "until": until = try reader.timestamp()
            default: try reader.skipValue()
            }
        }
        guard let id, let until else { throw LineProblem("a worker without id or end before byte \(index)") }
        let info = WorkerInfo(id: id, host: host, bootID: bootID, processID: Int32(truncatingIfNeeded: processID))
        return Worker(info: info, expiresAt: until)
    }
}
