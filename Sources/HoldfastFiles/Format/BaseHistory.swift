import Holdfast

/// A history as its line in a base tells it: the columns that the index keeps, and what stays in the file until it is asked for.
struct BaseHistory {
    var summary: Summary
    var lease: HeldLease?
    var blobs: Set<Digest> = []

    /// - Parameter line: without its newline.
    /// - Throws: `corrupt`.
    init(_ line: [UInt8], id: HistoryID) throws(StoreError) {
        let result = line.withUnsafeBytes { bytes in
            Result { () throws(LineProblem) in try Self.read(bytes) }
        }
        let json: JSONValue
        do throws(LineProblem) {
            (json, lease, blobs) = try result.get()
        } catch {
            throw StoreError(.corrupt, subject: "\(id) in the base", detail: error.reason)
        }
        summary = try Summary(id, lineMembers: json)
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer
    ) throws(LineProblem) -> (JSONValue, HeldLease?, Set<Digest>) {
        var reader = LineReader(bytes, from: try LineHead(unchecked: bytes).size)
        var (summary, lease): (JSONValue?, HeldLease?)
        var blobs: Set<Digest> = []
        while reader.skips(UInt8(ascii: ",")) {
            switch try reader.name() {
            case "summary": summary = try reader.json()
            case "lease": lease = try reader.lease()
            case "blobs":
                try reader.elements { element throws(LineProblem) in
                    guard let digest = Digest(hexadecimal: try element.string()) else {
                        throw LineProblem("a digest that is none")
                    }
                    blobs.insert(digest)
                }
            default: try reader.skipValue()
            }
        }
        guard let summary else { throw LineProblem("its summary is missing") }
        return (summary, lease, blobs)
    }
}

/// The columns alone: all that is read of a line when a store is opened.
struct BaseColumns {
    var id: HistoryID
    var dag: DAGID
    var workspace: WorkspaceID?
    var entry: HistoryEntry
    var labels: [String: String] = [:]
    /// Whether a worker has not given it back.
    var isHeld = false

    /// - Parameter reader: behind the head, and behind the id's name and value.
    init(_ id: HistoryID, _ reader: inout LineReader) throws(LineProblem) {
        self.id = id
        var dag: DAGID?
        var state: RunState?
        entry = HistoryEntry(dag: -1, workspace: -1, state: .queued, created: 0, ended: .min, duration: .min)
        while reader.skips(UInt8(ascii: ",")) {
            switch try reader.name() {
            case "dag": dag = try reader.identifier()
            case "workspace": workspace = try reader.identifier()
            case "state": state = RunState(rawValue: try reader.string())
            case "created": entry.created = try reader.int()
            case "ended": entry.ended = try reader.int()
            case "duration": entry.duration = try reader.int()
            case "events": entry.lastSequence = try reader.int()
            case "token": entry.token = try reader.int()
            case "sealed": entry.sealedBytes = try reader.int()
            case "held": isHeld = try reader.json() == .bool(true)
            case "labels": labels = (try reader.json().objectValue ?? [:]).compactMapValues(\.stringValue)
            default: try reader.skipValue()
            }
        }
        guard let dag, let state, entry.sealedBytes >= 0, entry.lastSequence >= 0 else {
            throw LineProblem("its columns are incomplete")
        }
        self.dag = dag
        entry.state = state
        entry.sealedEvents = entry.lastSequence
    }
}

extension LineText {
    /// A history's line in a base, from the comma behind the head on. All of its events are in its own file.
    mutating func baseHistory(_ entry: HistoryEntry, _ open: OpenHistory) {
        let summary = open.summary
        raw(",")
        history(summary.id)
        raw(",\"dag\":")
        plain(summary.dag.rawValue)
        if let workspace = summary.workspace {
            raw(",\"workspace\":")
            plain(workspace.rawValue)
        }
        raw(",\"state\":")
        plain(entry.state.rawValue)
        member(",\"created\":", entry.created)
        if entry.ended != .min { member(",\"ended\":", entry.ended) }
        if entry.duration != .min { member(",\"duration\":", entry.duration) }
        member(",\"events\":", entry.lastSequence)
        member(",\"token\":", entry.token)
        member(",\"sealed\":", entry.sealedBytes)
        if let lease = open.lease, !lease.isReleased { raw(",\"held\":true") }
        if !summary.labels.isEmpty {
            raw(",\"labels\":")
            json(.object(summary.labels.mapValues { .string($0) }))
        }
        raw(",\"summary\":")
        json(.object(summary.lineMembers(withAsOf: true)))
        if let lease = open.lease { self.lease(lease) }
        array("blobs", open.blobs.sorted()) { $0.plain($1.hexadecimal) }
        raw("}")
    }

    private mutating func member(_ name: StaticString, _ value: Int64) {
        raw(name)
        number(value)
    }

    private mutating func lease(_ lease: HeldLease) {
        raw(",\"lease\":{\"token\":")
        number(lease.token.rawValue)
        raw(",\"worker\":")
        plain(lease.worker.rawValue)
        raw(",\"location\":")
        quoted(lease.location)
        member(",\"sequence\":", lease.sequence)
        if let from = lease.takenOverFrom {
            raw(",\"taken_over_from\":")
            plain(from.rawValue)
        }
        raw(",\"claim\":\"")
        lease.claim.withText { raw($0) }
        raw(lease.isReleased ? "\",\"released\":true}" : "\"}")
    }
}

extension LineReader {
    fileprivate mutating func lease() throws(LineProblem) -> HeldLease {
        var (token, worker): (Int64?, WorkerID?)
        var lease = HeldLease(
            token: LeaseToken(rawValue: 0), worker: WorkerID(unchecked: "unknown"), location: "", sequence: 0,
            claim: ChangesetID(high: 0, low: 0))
        try members { reader, name throws(LineProblem) in
            switch name {
            case "token": token = try reader.int()
            case "worker": worker = try reader.identifier()
            case "location": lease.location = try reader.string()
            case "sequence": lease.sequence = try reader.int()
            case "taken_over_from": lease.takenOverFrom = try reader.identifier()
            case "claim": lease.claim = try reader.changesetID()
            case "released": lease.isReleased = try reader.json() == .bool(true)
            default: try reader.skipValue()
            }
        }
        guard let token, let worker else { throw LineProblem("a lease without token or worker") }
        lease.token = LeaseToken(rawValue: token)
        lease.worker = worker
        return lease
    }

    mutating func changesetID() throws(LineProblem) -> ChangesetID {
        var text = try string()
        let id = text.withUTF8 { ChangesetID(text: UnsafeRawBufferPointer($0)) }
        guard let id else { throw LineProblem("an id that is none before byte \(index)") }
        return id
    }
}
