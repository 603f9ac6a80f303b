import Holdfast

/// What goes through the commit queue.
enum WriteRequest: Sendable {
    case commit(EncodedChangeset)
    case claim(ClaimRequest)
    case renew(RenewRequest)

    /// Bytes, for the limit of a batch.
    var cost: Int {
        switch self {
        case .commit(let encoded): encoded.cost
        case .claim, .renew: 0
        }
    }
}

enum WriteReply: Sendable {
    case receipt(Receipt)
    case leases([Lease])
    case renewal(Renewal)
}

/// A changeset with its payloads as they will be stored: encoded by the caller, outside the queue.
struct EncodedChangeset: Sendable {
    let changeset: Changeset
    /// Of the events of all appends, in their order.
    let bodies: [[UInt8]]

    /// - Throws: `invalid`, `tooLarge`.
    init(_ changeset: Changeset) throws(StoreError) {
        try changeset.validate()
        self.changeset = changeset
        var bodies: [[UInt8]] = []
        for append in changeset.appends {
            for event in append.events {
                let body = EventCodec.encode(event.payload)
                guard body.count <= EventCodec.inlineLimit else {
                    throw StoreError(
                        .tooLarge, subject: "\(append.history), event of type \(event.payload.type)",
                        detail: "at most 64 KiB; put it in a blob")
                }
                bodies.append(body)
            }
        }
        self.bodies = bodies
    }

    var cost: Int { bodies.reduce(256) { $0 + $1.count } }

    /// Whether its receipt can't be told from the events it left. One that only gives leases back needs none.
    var isRemembered: Bool {
        let hasOthers = !changeset.records.isEmpty || !changeset.deletions.isEmpty
        return hasOthers || changeset.appends.isEmpty && !changeset.summaries.isEmpty
    }
}
