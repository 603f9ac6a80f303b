import Synchronization

/// The identity of a changeset or a claim, by which a repeated one is known.
public struct ChangesetID: Sendable, Hashable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// One that nobody else has: 64 random bits of this process, and a count that began at a random number. Asking the
    /// system for random bits each time took a tenth of a step.
    public init() {
        self.init(high: Self.process, low: Self.made.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    private static let process = UInt64.random(in: .min ... .max)
    private static let made = Atomic(UInt64.random(in: .min ... .max))

    public var description: String { hexadecimal(high) + hexadecimal(low) }
}

package func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

/// What one commit writes: all or nothing. It names each history, summary and record at most once, so its conditions are
/// all about what was there before; a history is created together with its summary.
public struct Changeset: Sendable, Hashable {
    public var id: ChangesetID
    /// At most one for each history.
    public var appends: [Append]
    public var summaries: [SummaryChange]
    public var records: [RecordChange]
    /// Histories to remove with all that belongs to them.
    public var deletions: [Deletion]
    /// Leases to give back once the rest is written.
    public var releases: [Release]
    /// Records that the receipt is to bring along: what its caller would ask for next, without another way to the store.
    public var reads: [RecordName]

    public init(
        id: ChangesetID = ChangesetID(), appends: [Append] = [], summaries: [SummaryChange] = [],
        records: [RecordChange] = [], deletions: [Deletion] = [], releases: [Release] = [], reads: [RecordName] = []
    ) {
        self.id = id
        self.appends = appends
        self.summaries = summaries
        self.records = records
        self.deletions = deletions
        self.releases = releases
        self.reads = reads
    }

    /// Events for one history.
    public struct Append: Sendable, Hashable {
        public var history: HistoryID
        /// Needed for own events.
        public var token: LeaseToken?
        /// The last sequence that the caller has seen; a repeated commit is looked for behind it, which costs what stands
        /// there. `neverCommitted`: nothing is looked for.
        public var lastKnown: Int64
        /// Refuse with `conflict` unless the history ends at `lastKnown`.
        public var requiresLastKnown: Bool
        /// Not empty.
        public var events: [NewEvent]

        /// In place of a last known sequence, for the first attempt to commit a changeset: it can't be there already, so the
        /// history need not be searched for it. Where the answer is lost, the next attempt names a sequence that was seen.
        public static let neverCommitted: Int64 = 1 << 62

        public init(
            _ history: HistoryID, token: LeaseToken? = nil, lastKnown: Int64 = 0, requiresLastKnown: Bool = false,
            events: [NewEvent]
        ) {
            self.history = history
            self.token = token
            self.lastKnown = lastKnown
            self.requiresLastKnown = requiresLastKnown
            self.events = events
        }
    }

    /// An own act: needs the highest token.
    public struct Deletion: Sendable, Hashable {
        public var history: HistoryID
        public var token: LeaseToken

        public init(_ history: HistoryID, token: LeaseToken) {
            self.history = history
            self.token = token
        }
    }

    /// Without effect when the token is no longer the highest.
    public struct Release: Sendable, Hashable {
        public var history: HistoryID
        public var token: LeaseToken

        public init(_ history: HistoryID, token: LeaseToken) {
            self.history = history
            self.token = token
        }
    }
}

/// An event that has no sequence yet.
public struct NewEvent: Sendable, Hashable {
    public var time: Timestamp
    public var payload: EventPayload

    public init(at time: Timestamp, _ payload: EventPayload) {
        self.time = time
        self.payload = payload
    }
}

/// What a commit came to; the first one's, when it was repeated.
public struct Receipt: Sendable, Hashable {
    /// Of each append, in the order of the changeset: the sequences that its events got.
    public var sequences: [ClosedRange<Int64>]
    /// Of each record change, in the order of the changeset: the new version; 0 for a deletion.
    public var versions: [Int64]
    /// The position of the last event or deletion; nil when there was none.
    public var position: FeedPosition?
    /// Of each record that the changeset reads, in its order, as it was before the changeset's own changes; nil: there was
    /// none; a failure: what is stored can't be read (`corrupt`), which hinders no commit. When a changeset is repeated, as it
    /// is by then.
    public var records: [Result<Record?, StoreError>]

    public init(
        sequences: [ClosedRange<Int64>] = [], versions: [Int64] = [], position: FeedPosition? = nil,
        records: [Result<Record?, StoreError>] = []
    ) {
        self.sequences = sequences
        self.versions = versions
        self.position = position
        self.records = records
    }
}

extension Changeset {
    /// The rules that need no store: what every backend refuses the same way, before anything else.
    /// - Throws: `invalid`; `tooLarge` for a record's body.
    public func validate() throws(StoreError) {
        for append in appends { try append.validate() }
        guard !isPlainAppend else { return }
        for record in records { try record.validate() }
        for name in reads { try name.validate() }
        for case .create(let summary) in summaries { try summary.validate() }
        try checkNamesOnce(appends.map(\.history) + deletions.map(\.history), "appended to or deleted")
        try checkNamesOnce(summaries.map(\.id) + deletions.map(\.history), "changed")
        try checkNamesOnce(records.map(\.name), "put or deleted")
        try checkCreations()
    }

    /// Events for a history that is there already and nothing else, as most changesets are: they name nothing twice.
    private var isPlainAppend: Bool {
        appends.count == 1 && summaries.isEmpty && records.isEmpty && deletions.isEmpty && reads.isEmpty
            && appends[0].events.first?.payload.isFirst == false
    }

    private func checkNamesOnce(_ names: [some Hashable], _ act: String) throws(StoreError) {
        guard names.count > 1 else { return }
        var seen = Set(names)
        guard seen.count < names.count else { return }
        for name in names where seen.remove(name) == nil {
            throw invalid("\(name)", "\(act) twice in one changeset")
        }
    }

    private func checkCreations() throws(StoreError) {
        let histories = Set(appends.lazy.filter { $0.events.first?.payload.isFirst == true }.map(\.history))
        let created = Set(
            summaries.lazy.compactMap { change -> HistoryID? in
                if case .create(let summary) = change { summary.id } else { nil }
            })
        guard let alone = histories.symmetricDifference(created).first else { return }
        throw invalid("\(alone)", "a first event and the summary's creation go together")
    }
}

extension Summary {
    /// Bytes in the key of a label.
    public static let maximumLabelKeySize = 256
    /// Bytes in the value of a label.
    public static let maximumLabelValueSize = 1024

    fileprivate func validate() throws(StoreError) {
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
            guard (1...Self.maximumLabelKeySize).contains(key.utf8.count) else {
                throw invalid("label \(quoted(key))", "use a key of 1 to \(Self.maximumLabelKeySize) bytes")
            }
            guard value.utf8.count <= Self.maximumLabelValueSize else {
                throw invalid(
                    "label \(quoted(key))",
                    "its value has \(value.utf8.count) bytes; use at most \(Self.maximumLabelValueSize)")
            }
        }
    }
}

private func invalid(_ subject: String, _ detail: String) -> StoreError {
    StoreError(.invalid, subject: subject, detail: detail)
}

extension Changeset.Append {
    fileprivate func validate() throws(StoreError) {
        guard !events.isEmpty else { throw invalid(history.description, "an append needs an event") }
        for (offset, event) in events.enumerated() {
            if case .claimed = event.payload { throw invalid(history.description, "only claim writes claims") }
            guard !event.payload.isFirst || offset == 0 else {
                throw invalid(history.description, "\(event.payload.type) is legal only as the first event")
            }
            guard token != nil || event.payload.isRequest || event.payload.isFirst else {
                throw invalid(history.description, "\(event.payload.type) needs the token of a lease")
            }
            try event.payload.checkValues()
        }
    }
}

extension Changeset {
    /// A change of a summary as it is to be written: `asOf` is the last sequence that this changeset's append to the same
    /// history gets, as requests may have come in since the caller folded.
    /// - Parameters:
    ///   - index: of the change.
    ///   - head: the last sequence of the history before this changeset.
    package func stampedSummary(_ index: Int, head: Int64) -> SummaryChange {
        let change = summaries[index]
        guard let append = append(to: change.id, expectedAt: index) else { return change }
        let last = head + Int64(append.events.count)
        switch change {
        case .create(var summary):
            summary.folded.asOf = last
            return .create(summary)
        case .update(var update):
            update.folded?.asOf = last
            return .update(update)
        }
    }
    /// Whoever makes many histories at once lists their appends and summaries in the same order.
    private func append(to history: HistoryID, expectedAt index: Int) -> Append? {
        if appends.indices.contains(index), appends[index].history == history { return appends[index] }
        return appends.first { $0.history == history }
    }
}
