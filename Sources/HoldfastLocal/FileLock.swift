#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
package import Holdfast
import Synchronization

/// An advisory lock between processes, and between the threads of this one: `flock` on a file of its own.
///
/// Waiting blocks the calling thread. Waiters try again after random pauses of 0.2 to 1.5 ms, which was measured to share a
/// store fairly between processes. The file stays where it is; who deletes it while it is in use breaks the exclusion.
package final class FileLock: Sendable {
    private enum Holding { case free, shared(Int), exclusive }

    package let path: String
    private let file: any OpenFile
    // `flock` belongs to the open file, which all threads of this process share, so it can't keep them apart.
    private let holding = Mutex(Holding.free)

    /// Makes the file (0600) when it is missing.
    package init(_ path: String, on fileSystem: any FileSystem = LocalFileSystem()) throws(StoreError) {
        self.path = path
        file = try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.open(path, .create) }
    }

    /// Runs `body` while nobody else has the lock.
    /// - Throws: `unavailable` when it was not free within `timeout`, or what `body` throws.
    package func withExclusive<Value>(
        timeout: Duration = .seconds(10), _ body: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try acquire(timeout) { () throws(StoreError) in try tryExclusive() }
        return try releasing(body)
    }

    /// Runs `body` while nobody has the lock exclusively; others may share it.
    /// - Throws: `unavailable` when it could not be had within `timeout`, or what `body` throws.
    package func withShared<Value>(
        timeout: Duration = .seconds(10), _ body: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try acquire(timeout) { () throws(StoreError) in try tryShared() }
        return try releasing(body)
    }

    /// Takes the lock if it is free now; `release` gives it back.
    package func tryExclusive() throws(StoreError) -> Bool {
        try holding.withLock { holding throws(StoreError) in
            guard case .free = holding, try lockFile(.exclusive) else { return false }
            holding = .exclusive
            return true
        }
    }

    /// Takes a share of the lock if nobody has it exclusively now; `release` gives it back.
    package func tryShared() throws(StoreError) -> Bool {
        try holding.withLock { holding throws(StoreError) in
            switch holding {
            case .exclusive: return false
            case .shared(let count): holding = .shared(count + 1)
            case .free:
                guard try lockFile(.shared) else { return false }
                holding = .shared(1)
            }
            return true
        }
    }

    /// Gives back what one successful try took.
    package func release() throws(StoreError) {
        try holding.withLock { holding throws(StoreError) in
            if case .shared(let count) = holding, count > 1 {
                holding = .shared(count - 1)
            } else {
                holding = .free
                try mappingSystemErrors { () throws(SystemCallError) in try file.unlock() }
            }
        }
    }

    private func lockFile(_ mode: LockMode) throws(StoreError) -> Bool {
        try mappingSystemErrors { () throws(SystemCallError) in try file.tryLock(mode) }
    }

    private func releasing<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        let value: Value
        do {
            value = try body()
        } catch {
            try release()
            throw error
        }
        try release()
        return value
    }

    private func acquire(_ timeout: Duration, _ attempt: () throws(StoreError) -> Bool) throws(StoreError) {
        if try attempt() { return }
        guard try RandomPauses(timeout).until(attempt) else {
            throw StoreError(
                .unavailable, subject: "lock \(path)",
                detail: "another process or thread kept it for \(timeout); try again once it is done, "
                    + "or see who holds it with `fuser \(path)`")
        }
    }
}

/// Tries again and again, pausing for a random time between tries. Blocks the thread.
struct RandomPauses {
    private let deadline: ContinuousClock.Instant

    init(_ limit: Duration) { deadline = .now + limit }

    /// Whether an attempt succeeded in time.
    func until(_ attempt: () throws(StoreError) -> Bool) throws(StoreError) -> Bool {
        while true {
            let left = deadline - .now
            guard left > .zero else { return false }
            let pause = min(Duration.microseconds(Int64.random(in: 200...1500)), left)
            usleep(UInt32(pause / .microseconds(1)) + 1)
            if try attempt() { return true }
        }
    }
}
