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

/// A changeset with its line's text as it will be stored: made by the caller, so that the committer has little to do but to
/// write.
final class EncodedChangeset: Sendable {
    let changeset: Changeset
    let line: EntryText
    let appends: [Append]

    struct Append: Sendable {
        let history: HistoryID
        let lastKnown: Int64
        let requiresLastKnown: Bool
        /// Whether the first event is the first of the history.
        let isCreation: Bool
        /// Needs the highest token.
        let isOwn: Bool
        let token: LeaseToken?
        let count: Int64
        /// What the events name.
        let blobs: [Digest]
    }

    /// - Throws: `invalid`, `tooLarge`.
    init(_ changeset: Changeset) throws(StoreError) {
        try changeset.validate()
        self.changeset = changeset
        line = try EntryText(changeset)
        appends = changeset.appends.map(Append.init)
    }

    var cost: Int { line.text.count + 64 }

    /// Whether its receipt can't be told from the events it left. One that only gives leases back needs none.
    var isRemembered: Bool {
        !changeset.records.isEmpty || !changeset.deletions.isEmpty
            || changeset.appends.isEmpty && !changeset.summaries.isEmpty
    }
}

extension EncodedChangeset.Append {
    fileprivate init(_ append: Changeset.Append) {
        history = append.history
        lastKnown = append.lastKnown
        requiresLastKnown = append.requiresLastKnown
        token = append.token
        isCreation = append.events[0].payload.isFirst
        isOwn = append.events.dropFirst(isCreation ? 1 : 0).contains { !$0.payload.isRequest }
        count = Int64(append.events.count)
        blobs = append.events.flatMap(\.payload.blobs)
    }
}
