import Holdfast

// An entry as text: everything behind the line's head, which only the committer knows. The entry that comes with it says where
// in that text its events and bodies stand.

/// An entry and the text of it, from the comma behind the head to the closing brace.
struct EntryText: Sendable {
    var entry = JournalEntry()
    var text = LineText()
}

extension EntryText {
    /// - Throws: `tooLarge`.
    init(_ changeset: Changeset) throws(StoreError) {
        if let append = changeset.soleAppend {
            text.raw(",")
            text.history(append.history)
            text.raw(",")
            try add(append.events[0], of: append.history)
        } else {
            try addEvents(changeset)
        }
        entry.summaries = changeset.summaries
        entry.deletions = changeset.deletions.map(\.history)
        entry.releases = changeset.releases
        let appended = Set(changeset.appends.map(\.history))
        text.array("summaries", changeset.summaries) { $0.summary($1, isAppended: appended.contains($1.id)) }
        addRecords(changeset.records)
        text.array("deleted", entry.deletions) { text, id in
            text.raw("{")
            text.history(id)
            text.raw("}")
        }
        text.array("released", changeset.releases) { $0.token($1.token, of: $1.history) }
        text.raw("}")
    }

    /// A claim: a `claimed` event and a token for each history.
    init(claiming leases: [(HistoryID, JournalEntry.Grant)], for request: ClaimRequest, worker: Worker) {
        entry.worker = worker
        entry.leases = leases.map(\.1)
        text.worker(worker)
        text.raw(",\"events\":[")
        for (index, (history, grant)) in leases.enumerated() {
            if index > 0 { text.raw(",") }
            text.raw("{")
            text.history(history)
            text.raw(",\"token\":")
            text.number(grant.token.rawValue)
            text.raw(",")
            let claimed = Claimed(
                worker: worker.info.id, location: worker.info.location, takenOverFrom: grant.takenOverFrom)
            add(EventCodec.encode(.claimed(claimed)), at: request.time, of: history, .claimed(claimed))
            text.raw("}")
        }
        text.raw("]}")
    }

    init(renewing worker: Worker, releasing releases: [Changeset.Release]) {
        entry.worker = worker
        entry.releases = releases
        text.worker(worker)
        text.array("released", releases) { $0.token($1.token, of: $1.history) }
        text.raw("}")
    }

    // MARK: - Events

    private mutating func addEvents(_ changeset: Changeset) throws(StoreError) {
        guard !changeset.appends.isEmpty else { return }
        text.raw(",\"events\":[")
        var isFirst = true
        for append in changeset.appends {
            for event in append.events {
                text.raw(isFirst ? "{" : ",{")
                isFirst = false
                text.history(append.history)
                text.raw(",")
                try add(event, of: append.history)
                text.raw("}")
            }
        }
        text.raw("]")
    }

    private mutating func add(_ event: NewEvent, of history: HistoryID) throws(StoreError) {
        let payload = EventCodec.encode(event.payload)
        try EventCodec.check(payload, of: event.payload, in: history)
        add(payload, at: event.time, of: history, event.payload)
    }

    /// Time and payload, without the closing brace.
    private mutating func add(
        _ bytes: [UInt8], at time: Timestamp, of history: HistoryID, _ payload: EventPayload
    ) {
        let start = text.count
        text.raw("\"ms\":")
        text.number(time.milliseconds)
        text.raw(",")
        text.raw(bytes[1..<(bytes.count - 1)])
        entry.events.append(
            JournalEntry.Event(
                history: history, kind: JournalEntry.Kind(payload), task: payload.xcomTask, blobs: payload.blobs,
                range: start..<text.count))
    }

    // MARK: - Records

    private mutating func addRecords(_ changes: [RecordChange]) {
        guard !changes.isEmpty else { return }
        text.raw(",\"records\":[")
        for (index, change) in changes.enumerated() {
            if index > 0 { text.raw(",") }
            switch change {
            case .put(let record, _): entry.records.append(text.record(record))
            case .delete(let kind, let key, _):
                text.raw("{\"kind\":")
                text.quoted(kind)
                text.raw(",\"key\":")
                text.quoted(key)
                text.raw("}")
                entry.records.append(JournalEntry.RecordEntry(kind: kind, key: key))
            }
        }
        text.raw("]")
    }
}

extension Changeset {
    /// The one event of a changeset that is nothing else, as a step's: its line is one object without lists.
    fileprivate var soleAppend: Append? {
        guard appends.count == 1, appends[0].events.count == 1, summaries.isEmpty, records.isEmpty, deletions.isEmpty,
            releases.isEmpty
        else { return nil }
        return appends[0]
    }
}

extension JournalEntry.Kind {
    init(_ payload: EventPayload) {
        if case .claimed = payload { self = .claim } else { self = payload.isFirst ? .first : .own }
        if payload.isRequest { self = .request }
    }
}

extension LineText {
    /// `{"kind":…,"key":…,"body":…}` with order key and expiry where there are any.
    mutating func record(_ record: Record, version: Int64? = nil) -> JournalEntry.RecordEntry {
        raw("{\"kind\":")
        quoted(record.kind)
        raw(",\"key\":")
        quoted(record.key)
        if let version {
            raw(",\"version\":")
            number(version)
        }
        if let orderKey = record.orderKey {
            raw(",\"order\":")
            quoted(orderKey)
        }
        if let expiresAt = record.expiresAt {
            raw(",\"expires\":")
            number(expiresAt.milliseconds)
        }
        raw(",\"body\":")
        let start = count
        json(record.body)
        let content = JournalEntry.RecordEntry.Content(
            orderKey: record.orderKey, expiresAt: record.expiresAt, range: start..<count)
        raw("}")
        return JournalEntry.RecordEntry(kind: record.kind, key: record.key, content: content)
    }

    fileprivate mutating func token(_ token: LeaseToken, of history: HistoryID) {
        raw("{")
        self.history(history)
        raw(",\"token\":")
        number(token.rawValue)
        raw("}")
    }

    /// `,"worker":{…}`
    mutating func worker(_ worker: Worker) {
        raw(",\"worker\":{\"id\":")
        plain(worker.info.id.rawValue)
        raw(",\"host\":")
        quoted(worker.info.host)
        if let bootID = worker.info.bootID {
            raw(",\"boot\":")
            quoted(bootID)
        }
        raw(",\"process\":")
        number(Int64(worker.info.processID))
        raw(",\"until\":")
        number(worker.expiresAt.milliseconds)
        raw("}")
    }
}
