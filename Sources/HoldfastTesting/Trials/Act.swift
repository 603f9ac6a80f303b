import Holdfast

/// One thing that a client asks of a store, and is answered.
enum Act: Sendable {
    case commit(Changeset)
    case claim(ClaimRequest)
    case renew(RenewRequest)
    /// A blob, and the commit that names it.
    case save([UInt8], Changeset)
    case compact

    /// What came of it, as far as every store must answer the same.
    enum Answer: Equatable, Sendable {
        case committed(sequences: [ClosedRange<Int64>], versions: [Int64])
        case claimed([Lease])
        case renewed(Renewal)
        case done
    }

    func perform(on store: any Store) async throws(StoreError) -> (answer: Answer, position: FeedPosition?) {
        switch self {
        case .commit(let changeset): return try await Self.commit(changeset, to: store)
        case .save(let bytes, let changeset):
            _ = try await store.writeBlob(ByteStream(bytes))
            return try await Self.commit(changeset, to: store)
        case .claim(let request): return (.claimed(try await store.claim(request)), nil)
        case .renew(let request): return (.renewed(try await store.renew(request)), nil)
        case .compact:
            _ = try await store.maintain(MaintenanceRequest(compact: true))
            return (.done, nil)
        }
    }

    private static func commit(
        _ changeset: Changeset, to store: any Store
    ) async throws(StoreError) -> (answer: Answer, position: FeedPosition?) {
        let receipt = try await store.commit(changeset)
        return (.committed(sequences: receipt.sequences, versions: receipt.versions), receipt.position)
    }

    /// The histories that it may change.
    var touched: Set<HistoryID> {
        switch self {
        case .commit(let changeset), .save(_, let changeset):
            Set(
                changeset.appends.map(\.history) + changeset.summaries.map(\.id) + changeset.deletions.map(\.history)
                    + changeset.releases.map(\.history))
        case .claim(let request): if case .histories(let ids) = request.target { Set(ids) } else { [] }
        case .renew(let request): Set(request.held.keys)
        case .compact: []
        }
    }
}
