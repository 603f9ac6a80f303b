import Synchronization

/// Wakes those who wait for the feed: at once after a commit of this store, and within an interval after one of another
/// process, which the store can only be asked about.
package final class FeedBell: Sendable {
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

    /// What a commit brought.
    package struct News: Sendable, Hashable {
        package var hasEntries = false
        package var hasRequests = false
        /// Others had written before it.
        package var hasOthers = false

        package init() {}
    }

    /// Tells the version of the store, which every commit changes, of this store or of others.
    package typealias Look = @Sendable () async throws -> UInt64

    /// How often it rang; taken before looking, so that nothing is missed between looking and waiting.
    package struct Rings: Sendable {
        fileprivate var entries: UInt64 = 0
        fileprivate var requests: UInt64 = 0

        fileprivate func isBehind(_ other: Rings, requestsOnly: Bool) -> Bool {
            requestsOnly ? requests < other.requests : entries < other.entries
        }
    }

    private let interval: Duration
    private let makeLook: @Sendable () async throws -> Look
    private let state = Mutex(State())

    /// - Parameter makeLook: called when somebody begins to wait, and again after an error.
    package init(
        interval: Duration = .milliseconds(20), makeLook: @escaping @Sendable () async throws -> Look
    ) {
        self.interval = interval
        self.makeLook = makeLook
    }

    package var rings: Rings { state.withLock { $0.rings } }

    /// After each transaction of this store.
    package func ring(_ news: News) {
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
    package func close() {
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
    package func wait(past seen: Rings, requestsOnly: Bool, until deadline: ContinuousClock.Instant) async {
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
        var look: Look?
        var last: (version: UInt64?, transactions: UInt64)?
        while expireAndContinue() {
            do {
                let current: Look
                if let look { current = look } else { current = try await makeLook() }
                look = current
                let transactions = state.withLock { $0.transactions }
                let version = try await current()
                if let seen = last, seen.transactions != transactions {
                    // This store's own transactions change the version too, and each of them tells of others' before it.
                    // So only the time behind the newest one is in doubt, and is looked at again.
                    last = (nil, transactions)
                } else {
                    // The first look rings as well: what came between a waiter's own look and this one may have been foreign.
                    if last?.version != version { ringForAll() }
                    last = (version, transactions)
                }
                try await Task.sleep(for: interval)
            } catch {
                // Who waits looks for itself then, and meets the error where it can be thrown.
                look = nil
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
