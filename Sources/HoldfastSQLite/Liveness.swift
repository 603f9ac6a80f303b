import Holdfast
import HoldfastLocal
import Synchronization

/// Tells which of the workers that hold leases are dead: their lease has run out on the store's clock, or the lock that
/// they hold beside the database is free, which only says something about workers of the same boot of the same kernel.
final class Liveness: Sendable {
    private let locks: WorkerLocks
    private let held = Mutex<Set<WorkerID>>([])

    init(locks: WorkerLocks) { self.locks = locks }

    struct Worker {
        var id: String
        var bootID: String?
        var expiresAt: Timestamp
    }

    func isDead(_ worker: Worker, at now: Timestamp) throws(SQLiteFailure) -> Bool {
        if worker.expiresAt <= now { return true }
        guard WorkerInfo.isPresent(bootID: worker.bootID) else { return false }
        do { return try locks.isFree(WorkerID(unchecked: worker.id)) } catch { throw .refused(error) }
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

    /// Who is dead now among those that hold leases. Costs a few microseconds for each worker, nothing when there are none.
    func snapshot(_ connection: some SQLConnection, at now: Timestamp) throws(SQLiteFailure) -> LivenessSnapshot {
        // Leaps from one holder to the next in the index instead of walking over all their leases.
        let statement = try connection.prepared(
            """
            WITH RECURSIVE step (found) AS (
                SELECT min(holder) FROM history WHERE holder IS NOT NULL
                UNION ALL
                SELECT (SELECT min(holder) FROM history WHERE holder > found) FROM step WHERE found IS NOT NULL)
            SELECT worker.key, id, boot_id, expires_at FROM step CROSS JOIN worker ON worker.key = found
            """)
        statement.bind()
        defer { statement.reset() }
        var dead: Set<Int64> = []
        while try statement.step() {
            let worker = Worker(
                id: statement.text(1), bootID: statement.optionalText(2), expiresAt: statement.time(3))
            if try isDead(worker, at: now) { dead.insert(statement.int(0)) }
        }
        return LivenessSnapshot(dead: dead)
    }
}

/// Who is dead, for the time of one read.
struct LivenessSnapshot: Sendable {
    /// Keys of workers that hold leases and are dead.
    let dead: Set<Int64>
}
