public import Holdfast
public import Testing

/// The store contract, executable: each case is one of its promises. This list is the contract's table of contents.
///
/// A backend's test target calls it once:
/// ```swift
/// @Test(arguments: StoreConformance.cases)
/// func conforms(_ promise: ConformanceCase) async throws {
///     let origin = MemoryStore()
///     try await promise.run(StoreHarness { options in MemoryStore(sharing: origin, options: options) })
/// }
/// ```
/// Every case gets a harness of its own, over a place that holds no store yet (for a backend with files: a new folder). The
/// harness opens that one store as often as a case asks, with the options it is given, whose clock is turned by hand. Nothing
/// sleeps where it could wait for a condition.
public enum StoreConformance {
    public static let cases: [ConformanceCase] = [
        commits, conditions, repeats, fencing, requests, claims, liveness, renewals, ordering, feed, deletions, paging,
        counts, records, blobs, limits, lifecycle, retention, runQueries, workflowStates, runHistory, processes,
        processListing, processHolders, processTurns, workspaces,
        artifacts, schemas, cache,
    ].flatMap { $0 }
}

/// One promise of the store contract, and the test of it.
public struct ConformanceCase: Sendable, CustomStringConvertible, CustomTestStringConvertible {
    /// The promise.
    public let name: String
    private let body: @Sendable (Workbench) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (Workbench) async throws -> Void) {
        self.name = name
        self.body = body
    }

    public var description: String { name }
    public var testDescription: String { name }

    /// Opens the store, tries the promise, and closes every handle. What does not hold is recorded as an issue of the running
    /// test.
    public func run(_ harness: StoreHarness) async throws {
        let handles = OpenHandles(harness)
        do {
            try await body(Workbench(handles: handles, store: try await handles.open()))
        } catch {
            Issue.record(error)
        }
        try await handles.closeAll()
    }
}

/// How the suite reaches the store under test: always the same one, as often as it is opened.
public struct StoreHarness: Sendable {
    /// Judges leases and ages in every handle.
    public let clock: ManualClock
    /// Whether a store can be opened while it is open already, as two processes would.
    public let opensSeveralAtOnce: Bool
    private let openStore: @Sendable (StoreOptions) async throws -> any Store

    /// - Parameter open: opens the store with these options, making it when there is none.
    public init(
        clock: ManualClock = ManualClock(), opensSeveralAtOnce: Bool = true,
        open: @escaping @Sendable (StoreOptions) async throws -> any Store
    ) {
        self.clock = clock
        self.opensSeveralAtOnce = opensSeveralAtOnce
        openStore = open
    }

    /// Another handle on the store.
    public func open(tenant: Tenant = .default) async throws -> any Store {
        try await openStore(StoreOptions(tenant: tenant, clock: clock))
    }
}
