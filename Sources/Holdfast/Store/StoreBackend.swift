/// How a store is opened.
public struct StoreOptions: Sendable {
    /// What a commit waits for.
    public enum Durability: String, Sendable, CaseIterable {
        /// Until it survives a power cut.
        case full
        /// Until it survives the death of the process; a power cut may cost the newest commits, never their order.
        case normal
    }

    public var tenant: Tenant
    public var durability: Durability
    /// Make the store when there is none; otherwise opening throws `notFound`.
    public var creates: Bool
    /// Judges leases and ages.
    public var clock: any WallClock
    /// How long a write may wait for others before it ends in `unavailable`.
    public var busyTimeout: Duration

    public init(
        tenant: Tenant = .default, durability: Durability = .full, creates: Bool = true,
        clock: any WallClock = SystemWallClock(), busyTimeout: Duration = .seconds(10)
    ) {
        self.tenant = tenant
        self.durability = durability
        self.creates = creates
        self.clock = clock
        self.busyTimeout = busyTimeout
    }
}

/// A kind of store that a URL can name.
public struct StoreBackend: Sendable {
    /// What stands before the first colon, for instance `sqlite`.
    public let schemes: [String]
    /// Gets the part behind the colon.
    public let open: @Sendable (String, StoreOptions) async throws(StoreError) -> OpenedStore

    public init(
        schemes: [String], open: @escaping @Sendable (String, StoreOptions) async throws(StoreError) -> OpenedStore
    ) {
        self.schemes = schemes
        self.open = open
    }
}

/// A store, and what only some kinds of store have.
public struct OpenedStore: Sendable {
    public let store: any Store
    /// Where log files stand beside it (absolute); nil: closed logs are kept as blobs.
    public let logFolder: String?
    /// Absolute, without credentials: what a task finds in `HOLDFAST_STORE`.
    public let url: String

    public init(store: any Store, logFolder: String?, url: String) {
        self.store = store
        self.logFolder = logFolder
        self.url = url
    }
}

/// Opens the store that a URL names: `sqlite:PATH`, `memory:`, ….
/// - Throws: `invalid` for a URL that none of the backends knows, else what the backend's `open` throws: `notFound`,
///   `notAStore`, `newerFormat`, `corrupt`, `unavailable`, `full`.
public func openStore(
    _ url: String, options: StoreOptions = StoreOptions(), backends: [StoreBackend]
) async throws(StoreError) -> OpenedStore {
    let scheme = url.prefix { $0 != ":" }
    guard scheme.count < url.count, let backend = backends.first(where: { $0.schemes.contains(String(scheme)) }) else {
        let known = backends.flatMap(\.schemes).map { $0 + ":" }.joined(separator: ", ")
        throw StoreError(
            .invalid, subject: "store \(quoted(withoutCredentials(url)))", detail: "begin it with one of \(known)")
    }
    return try await backend.open(String(url.dropFirst(scheme.count + 1)), options)
}

/// The URL with user and password taken out, for messages and environments.
package func withoutCredentials(_ url: String) -> String {
    guard let start = url.firstRange(of: "://")?.upperBound else { return url }
    let authority = url[start...].prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@") else { return url }
    return String(url[..<start] + url[url.index(after: at)...])
}
