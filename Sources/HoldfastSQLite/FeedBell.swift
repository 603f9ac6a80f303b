import GRDB
import Holdfast
import Synchronization

/// Wakes those who wait for the feed: at once after a commit of this store, and within `interval` after one of another
/// process, which SQLite can only be asked about.
final class FeedBell: Sendable {
    private struct Waiter {
        var requestsOnly: Bool
        var deadline: ContinuousClock.Instant
        var continuation: UnsafeContinuation<Void, Never>
    }

    private struct State {
        var rings = Rings()
        /// Transactions of this store.
        var transactions: UInt64 = 0
        var waiters: [UInt64: Waiter] = [:]
        /// Cancelled before they began to wait.
        var cancelled: Set<UInt64> = []
        var lastID: UInt64 = 0
        var isWatching = false
        var isClosed = false
    }

    /// How often it rang; taken before looking, so that nothing is missed between looking and waiting.
    struct Rings: Sendable {
        fileprivate var entries: UInt64 = 0
        fileprivate var requests: UInt64 = 0

        fileprivate func isBehind(_ other: Rings, requestsOnly: Bool) -> Bool {
            requestsOnly ? requests < other.requests : entries < other.entries
        }
    }

    static let interval = Duration.milliseconds(20)

    private let path: String
    private let state = Mutex(State())

    init(path: String) { self.path = path }

    var rings: Rings { state.withLock { $0.rings } }

    /// After each transaction of this store.
    func ring(_ news: Committer.News) {
        let hasEntries = news.hasEntries || news.hasOthers
        let hasRequests = news.hasRequests || news.hasOthers
        let woken: [Waiter] = state.withLock { state in
            state.transactions += 1
            if hasRequests { state.rings.requests += 1 }
            guard hasEntries else { return [] }
            state.rings.entries += 1
            return Self.take(&state) { hasRequests || !$0.requestsOnly }
        }
        for waiter in woken { waiter.continuation.resume() }
    }

    /// Everybody goes on; nobody waits any more.
    func close() {
        let woken = state.withLock { state in
            state.isClosed = true
            return Self.take(&state) { _ in true }
        }
        for waiter in woken { waiter.continuation.resume() }
    }

    private static func take(_ state: inout State, where isMeant: (Waiter) -> Bool) -> [Waiter] {
        guard state.waiters.values.contains(where: isMeant) else { return [] }
        let woken = state.waiters.filter { isMeant($0.value) }
        for id in woken.keys { state.waiters[id] = nil }
        return Array(woken.values)
    }

    // MARK: - Waiting

    /// Returns after the next ring behind `seen`, at the deadline, when the caller is cancelled, or when the store is closed.
    func wait(past seen: Rings, requestsOnly: Bool, until deadline: ContinuousClock.Instant) async {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let waiter = Waiter(requestsOnly: requestsOnly, deadline: deadline, continuation: continuation)
                admit(waiter, id, seen)
            }
        } onCancel: {
            cancel(id)
        }
        state.withLock { _ = $0.cancelled.remove(id) }
    }

    private func admit(_ waiter: Waiter, _ id: UInt64, _ seen: Rings) {
        let (mustWait, mustWatch) = state.withLock { state in
            let hasRung = seen.isBehind(state.rings, requestsOnly: waiter.requestsOnly)
            guard !hasRung, !state.isClosed, !state.cancelled.contains(id) else { return (false, false) }
            state.waiters[id] = waiter
            defer { state.isWatching = true }
            return (true, !state.isWatching)
        }
        if !mustWait { waiter.continuation.resume() }
        if mustWatch { Task { await watch() } }
    }

    private func cancel(_ id: UInt64) {
        let waiter = state.withLock { state in
            state.cancelled.insert(id)
            return state.waiters.removeValue(forKey: id)
        }
        waiter?.continuation.resume()
    }

    // MARK: - Watching

    /// Looks for commits of others while somebody waits.
    @concurrent private func watch() async {
        var connection: DatabaseQueue?
        var last: (version: Int64?, transactions: UInt64)?
        while expireAndContinue() {
            do {
                let queue = try connection ?? makeConnection()
                connection = queue
                let transactions = state.withLock { $0.transactions }
                let version = try await queue.read { try Int64.fetchOne($0, sql: "PRAGMA data_version") }
                if let seen = last, seen.transactions != transactions {
                    // This store's own transactions change the version too, and each of them tells of others' before it.
                    // So only the time behind the newest one is in doubt, and is looked at again.
                    last = (nil, transactions)
                } else {
                    // The first look rings as well: what came between a waiter's own look and this one may have been foreign.
                    if last?.version != version { ringForAll() }
                    last = (version, transactions)
                }
                try await Task.sleep(for: Self.interval)
            } catch {
                // Who waits looks for itself then, and meets the error where it can be thrown.
                connection = nil
                last = nil
                ringForAll()
                await Task.yield()
            }
        }
    }

    private func ringForAll() {
        let woken = state.withLock { state in
            state.rings.entries += 1
            state.rings.requests += 1
            return Self.take(&state) { _ in true }
        }
        for waiter in woken { waiter.continuation.resume() }
    }

    private func makeConnection() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = "holdfast.sqlite.watch"
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Whether anybody still waits.
    private func expireAndContinue() -> Bool {
        let now = ContinuousClock.now
        let (expired, goesOn) = state.withLock { state in
            let expired = Self.take(&state) { $0.deadline <= now }
            state.isWatching = !state.waiters.isEmpty
            return (expired, state.isWatching)
        }
        for waiter in expired { waiter.continuation.resume() }
        return goesOn
    }
}
