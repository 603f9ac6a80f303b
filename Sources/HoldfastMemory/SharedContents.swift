import Holdfast
import Synchronization

struct HandleID: Hashable { var number: Int }

/// What the handles of one store share: the contents of each tenant, who has it open, and who waits on its feed.
final class SharedContents: Sendable {
    private struct Guarded {
        var tenants: [Tenant: Contents] = [:]
        var openHandles: Set<HandleID> = []
        var handlesMade = 0
        var waiters: [WaiterID: Waiter] = [:]
        var waitersMade = 0
    }

    struct WaiterID: Hashable { var number: Int }

    private struct Waiter {
        var handle: HandleID
        var continuation: CheckedContinuation<Void, Never>
    }

    private let guarded = Mutex(Guarded())
    private let keptFeedEntries: Int?

    init(keptFeedEntries: Int?) { self.keptFeedEntries = keptFeedEntries }

    func openHandle() -> HandleID {
        guarded.withLock { guarded in
            guarded.handlesMade += 1
            let handle = HandleID(number: guarded.handlesMade)
            guarded.openHandles.insert(handle)
            return handle
        }
    }

    /// From here on the handle is refused; its waiters are woken to learn it.
    func closeHandle(_ handle: HandleID) {
        wake { guarded in
            guarded.openHandles.remove(handle)
            return guarded.waiters.filter { $0.value.handle == handle }.map(\.key)
        }
    }

    /// The one critical section: whatever `body` does is seen whole or, when it throws before it changes anything, not at all.
    func withContents<Answer: Sendable>(
        of tenant: Tenant, for handle: HandleID, _ body: (inout Contents) throws(StoreError) -> Answer
    ) throws(StoreError) -> Answer {
        var grew = false
        defer { if grew { wakeAll() } }
        return try guarded.withLock { guarded throws(StoreError) in
            guard guarded.openHandles.contains(handle) else {
                throw StoreError(.unavailable, subject: "memory store", detail: "it was closed")
            }
            var new = Contents()
            new.feed.kept = keptFeedEntries
            let before = guarded.tenants[tenant]?.feed.last ?? new.feed.last
            let answer = try body(&guarded.tenants[tenant, default: new])
            grew = guarded.tenants[tenant]?.feed.last != before
            return answer
        }
    }
}

// MARK: - Waiting

extension SharedContents {
    func makeWaiter() -> WaiterID {
        guarded.withLock { guarded in
            guarded.waitersMade += 1
            return WaiterID(number: guarded.waitersMade)
        }
    }

    /// Suspends until the tenant's feed is past `position`, the handle is closed, the caller is cancelled or the deadline has
    /// passed, whatever of these is true already included. The caller sees to it that `wake` follows the latter two.
    func wait(
        _ id: WaiterID, past position: FeedPosition, of tenant: Tenant, for handle: HandleID,
        until deadline: ContinuousClock.Instant
    ) async {
        await withCheckedContinuation { continuation in
            let isRegistered = guarded.withLock { guarded in
                let isDue =
                    Task.isCancelled || ContinuousClock.now >= deadline || !guarded.openHandles.contains(handle)
                    || guarded.tenants[tenant].map { $0.feed.last > position } ?? false
                if !isDue { guarded.waiters[id] = Waiter(handle: handle, continuation: continuation) }
                return !isDue
            }
            if !isRegistered { continuation.resume() }
        }
    }

    func wake(_ id: WaiterID) { wake { _ in [id] } }

    private func wakeAll() { wake { Array($0.waiters.keys) } }

    private func wake(_ choose: (inout Guarded) -> [WaiterID]) {
        let woken = guarded.withLock { guarded in
            choose(&guarded).compactMap { guarded.waiters.removeValue(forKey: $0)?.continuation }
        }
        for continuation in woken { continuation.resume() }
    }
}
