import Holdfast
import Logging
import Synchronization

/// Keeps a worker's leases alive, and tells its runs what they have to know: a lease that was lost, a request.
///
/// One renewal serves all runs. It never overlaps a claim, as the store releases what a renewal does not name.
actor LeaseKeeper {
    private let store: any Store
    private let configuration: EngineConfiguration
    private var held: [HistoryID: Held] = [:]
    private var renewal: Task<Void, Never>?
    private var watch: Task<Void, Never>?
    private let gate = AsyncLock()
    /// Why this worker stops, once it was told to.
    private var interruption: String?

    private struct Held {
        var token: LeaseToken
        var mailbox: Mailbox
        /// Until when the lease is certain to last, by this worker's own steady clock.
        var safeUntil: ContinuousClock.Instant
    }

    init(store: any Store, configuration: EngineConfiguration) {
        self.store = store
        self.configuration = configuration
    }

    /// Claims histories and keeps them until they are let go of.
    func claim(_ target: ClaimRequest.Target, states: Set<RunState>?) async throws(StoreError) -> [(Lease, Mailbox)] {
        await gate.acquire()
        defer { gate.release() }
        let asked = ContinuousClock.now
        let leases = try await store.claim(
            ClaimRequest(
                worker: configuration.worker, timeToLive: configuration.leaseDuration, target: target, states: states,
                time: configuration.clock.now()))
        let claimed = leases.map { ($0, Mailbox()) }
        for (lease, mailbox) in claimed {
            held[lease.history] = Held(
                token: lease.token, mailbox: mailbox, safeUntil: asked + configuration.leaseDuration)
        }
        if let interruption { interruptAll(reason: interruption) }
        startTasks()
        return claimed
    }

    /// No longer renews it: it was given back with the last commit, or it was lost.
    ///
    /// The tasks go on for a while when nothing is held any more: the next run often follows at once.
    func letGo(of history: HistoryID) { held[history] = nil }

    /// Tells every run of this worker to stop, and those whose claim is still under way.
    func interruptAll(reason: String) {
        interruption = reason
        for held in held.values { held.mailbox.post(.interrupt(reason: reason)) }
    }

    private func startTasks() {
        guard !held.isEmpty else { return }
        if renewal == nil { renewal = Task { await renewForever() } }
        if watch == nil { watch = Task { await watchRequests() } }
    }

    // MARK: Renewal

    private func renewForever() async {
        repeat {
            do { try await Task.sleep(for: configuration.renewalInterval) } catch { break }
            await renew()
        } while !held.isEmpty
        renewal = nil
    }

    private func renew() async {
        await gate.acquire()
        defer { gate.release() }
        guard !held.isEmpty else { return }
        let asked = ContinuousClock.now
        do throws(StoreError) {
            let renewal = try await store.renew(
                RenewRequest(
                    worker: configuration.worker, timeToLive: configuration.leaseDuration, held: held.mapValues(\.token)
                ))
            for history in held.keys { held[history]?.safeUntil = asked + configuration.leaseDuration }
            for history in renewal.lost { lose(history, StoreError(.leaseLost, subject: history.description)) }
            for history in renewal.cancelled { held[history]?.mailbox.post(.lookAgain) }
        } catch {
            configuration.logger.warning(
                "leases could not be renewed", metadata: ["store.error": "\(error)", "leases": "\(held.count)"])
            for (history, held) in held where held.safeUntil <= .now { lose(history, error) }
        }
    }

    private func lose(_ history: HistoryID, _ error: StoreError) {
        held[history]?.mailbox.post(.leaseLost(error))
    }

    // MARK: Requests

    /// Follows the requests made on the whole store, and wakes the runs they are for.
    private func watchRequests() async {
        var start = FeedQuery.Start.now
        repeat {
            do throws(StoreError) {
                let page = try await store.feed(FeedQuery(start, requestsOnly: true, wait: .seconds(5)))
                for entry in page.entries { held[entry.history]?.mailbox.post(.lookAgain) }
                start = .after(page.next)
            } catch {
                if held.isEmpty { break }
                configuration.logger.warning("requests could not be followed", metadata: ["store.error": "\(error)"])
                if error.code == .trimmed { start = .now }
                // Whatever was missed meanwhile, the next renewal tells of cancels.
                do { try await Task.sleep(for: .seconds(1)) } catch { break }
            }
        } while !held.isEmpty
        watch = nil
    }
}

/// A lock that may be held over an await; first come, first served.
final class AsyncLock: Sendable {
    private struct State {
        var isHeld = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func acquire() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.isHeld else {
                    state.isHeld = true
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func release() {
        let next = state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() as CheckedContinuation<Void, Never>? }
            state.isHeld = false
            return nil
        }
        next?.resume()
    }
}
