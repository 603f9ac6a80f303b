import Holdfast
import HoldfastLocal
import Synchronization

/// Which workers are dead: those whose time is up, and at once those of this machine whose lock is free.
final class Liveness: Sendable {
    private let locks: WorkerLocks
    private let held = Mutex<Set<WorkerID>>([])

    init(locks: WorkerLocks) { self.locks = locks }

    func isDead(_ worker: Worker, at now: Timestamp) throws(StoreError) -> Bool {
        if worker.expiresAt <= now { return true }
        guard WorkerInfo.isPresent(bootID: worker.info.bootID) else { return false }
        return try locks.isFree(worker.info.id)
    }

    /// Holds the lock of a worker of this machine, if it is not held yet.
    func hold(_ worker: WorkerInfo) throws(StoreError) {
        guard WorkerInfo.isPresent(bootID: worker.bootID), try locks.isFree(worker.id) else { return }
        do {
            try locks.hold(worker.id)
            held.withLock { _ = $0.insert(worker.id) }
        } catch {
            // The same worker claims through another store, or from another thread: the lock is held, which is the point.
            guard error.code == .leaseHeld else { throw error }
        }
    }

    /// Lets go of every lock that was held, which makes those workers dead at once.
    func releaseAll() throws(StoreError) {
        let workers = held.withLock { held in
            defer { held = [] }
            return held
        }
        for worker in workers { try locks.release(worker) }
    }

    /// Who is dead now among those that hold leases. Costs a few microseconds for each of them, nothing when there are none.
    func snapshot(of index: Index, at now: Timestamp) throws(StoreError) -> LivenessSnapshot {
        var snapshot = LivenessSnapshot()
        for (worker, slots) in index.holdings where !slots.isEmpty {
            guard let row = index.workers[worker] else {
                snapshot.dead.insert(worker)
                continue
            }
            if try isDead(row, at: now) { snapshot.dead.insert(worker) }
        }
        return snapshot
    }
}

/// Who is dead among those that hold leases, for the time of one read.
struct LivenessSnapshot: Sendable {
    var dead: Set<WorkerID> = []
}
