import Holdfast
import HoldfastLocal

/// What goes through the commit line.
enum WriteRequest: Sendable {
    case commit(EncodedChangeset)
    case claim(ClaimRequest)
    case renew(RenewRequest)
}

/// A request, and what came of it.
final class WriteTicket: CommitTicket, @unchecked Sendable {
    let request: WriteRequest
    var reply: Result<WriteReply, StoreError>?

    init(_ request: WriteRequest) {
        self.request = request
        if case .commit(let encoded) = request { super.init(cost: encoded.cost) } else { super.init(cost: 0) }
    }
}

enum WriteReply: Sendable {
    case receipt(Receipt)
    case leases([Lease])
    case renewal(Renewal)
}

/// A changeset with its events as they will be stored: made by the caller, so that the committer has nothing to do but to
/// write. A class, because it is handed on several times and an instance costs one reference count each.
final class EncodedChangeset: Sendable {
    let changeset: Changeset
    let appends: [Append]
    /// Of each change of a summary.
    let texts: [SummaryTexts]
    let cost: Int
    /// Whether its receipt can't be told from the events it left. One that only gives leases back needs none.
    let isRemembered: Bool

    struct Append: Sendable {
        let history: HistoryID
        let lastKnown: Int64
        let requiresLastKnown: Bool
        /// Whether the first event is the first of the history.
        let isCreation: Bool
        /// Needs the highest token.
        let isOwn: Bool
        let token: LeaseToken?
        let events: [Event]
        /// What the events name.
        let blobs: [Digest]
    }

    /// The part of a row that its place does not decide.
    struct Event: Sendable {
        let time: Timestamp
        let token: Int64?
        let isRequest: Bool
        let task: String?
        let body: [UInt8]
    }

    /// - Throws: `invalid`, `tooLarge`.
    init(_ changeset: Changeset) throws(StoreError) {
        try changeset.validate()
        self.changeset = changeset
        var appends: [Append] = []
        for append in changeset.appends { appends.append(try Append(append)) }
        self.appends = appends
        texts = changeset.summaries.map(SummaryTexts.init)
        cost = appends.reduce(256) { $0 + $1.events.reduce(0) { $0 + $1.body.count } }
        let hasOthers = !changeset.records.isEmpty || !changeset.deletions.isEmpty
        isRemembered = hasOthers || appends.isEmpty && !changeset.summaries.isEmpty
    }
}

extension EncodedChangeset.Append {
    fileprivate init(_ append: Changeset.Append) throws(StoreError) {
        history = append.history
        lastKnown = append.lastKnown
        requiresLastKnown = append.requiresLastKnown
        token = append.token
        isCreation = append.events[0].payload.isFirst
        var blobs: [Digest] = []
        var events: [EncodedChangeset.Event] = []
        events.reserveCapacity(append.events.count)
        for event in append.events {
            events.append(try Self.encode(event, append))
            blobs += event.payload.blobs
        }
        self.events = events
        self.blobs = blobs
        isOwn = append.events.dropFirst(isCreation ? 1 : 0).contains { !$0.payload.isRequest }
    }

    private static func encode(_ event: NewEvent, _ append: Changeset.Append) throws(StoreError)
        -> EncodedChangeset.Event
    {
        let body = EventCodec.encode(event.payload)
        try EventCodec.check(body, of: event.payload, in: append.history)
        let isRequest = event.payload.isRequest
        return EncodedChangeset.Event(
            time: event.time, token: isRequest || event.payload.isFirst ? nil : append.token?.rawValue,
            isRequest: isRequest, task: event.payload.xcomTask?.rawValue, body: body)
    }
}
