import Foundation
import Holdfast
import Synchronization
import Testing

@testable import HoldfastLocal

@Suite struct FileLockTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path("lock") }

    init() throws { folder = try TemporaryFolder() }

    @Test("the file is made for its owner only")
    func mode0600() throws {
        _ = try FileLock(path)
        #expect(try mode(of: path) == 0o600)
    }

    @Test("exclusive excludes others of the same object until it is released")
    func excludesSameObject() throws {
        let lock = try FileLock(path)
        #expect(try lock.tryExclusive())
        #expect(try !lock.tryExclusive())
        #expect(try !lock.tryShared())
        try lock.release()
        #expect(try lock.tryExclusive())
    }

    @Test("exclusive excludes another object of the same process")
    func excludesOtherObject() throws {
        let (lock, other) = (try FileLock(path), try FileLock(path))
        #expect(try lock.tryExclusive())
        #expect(try !other.tryExclusive())
        #expect(try !other.tryShared())
        try lock.release()
        #expect(try other.tryExclusive())
    }

    @Test("shared is shared, and excludes exclusive until the last share is released")
    func shares() throws {
        let (lock, other) = (try FileLock(path), try FileLock(path))
        #expect(try lock.tryShared())
        #expect(try lock.tryShared())
        #expect(try other.tryShared())
        try other.release()
        try lock.release()
        #expect(try !other.tryExclusive())
        #expect(try !lock.tryExclusive())
        try lock.release()
        #expect(try other.tryExclusive())
    }

    @Test("what another process holds is refused, and free at once when that process is killed")
    func excludesProcesses() throws {
        let lock = try FileLock(path)
        let holder = try LockHolder(path)
        #expect(try !lock.tryExclusive())
        #expect(try !lock.tryShared())
        holder.killNow()
        #expect(try lock.tryExclusive())
    }

    @Test("what another process shares can be shared but not had exclusively")
    func sharesWithProcesses() throws {
        let lock = try FileLock(path)
        let holder = try LockHolder(path, shared: true)
        #expect(try !lock.tryExclusive())
        #expect(try lock.withShared { () throws(StoreError) in true })
        holder.killNow()
        #expect(try lock.tryExclusive())
    }

    @Test("waiting ends at its limit with an error that names the file and what to do")
    func timesOut() throws {
        let lock = try FileLock(path)
        #expect(try FileLock(path).withExclusive { () throws(StoreError) in true })
        let holder = try LockHolder(path)
        let start = ContinuousClock.now
        let error = #expect(throws: StoreError.self) {
            try lock.withExclusive(timeout: .milliseconds(50)) { () throws(StoreError) in }
        }
        #expect(ContinuousClock.now - start >= .milliseconds(50))
        #expect(error?.code == .unavailable)
        #expect(error?.subject.contains(path) == true)
        #expect(error?.detail?.contains("try again") == true)
        _ = holder
    }

    @Test("a waiter gets the lock when it becomes free")
    func waits() throws {
        let (lock, other) = (try FileLock(path), try FileLock(path))
        #expect(try other.tryExclusive())
        let failure = Mutex<StoreError?>(nil)
        let releaser = Thread {
            usleep(5000)
            do throws(StoreError) { try other.release() } catch { failure.withLock { $0 = error } }
        }
        releaser.start()
        #expect(try lock.withExclusive { () throws(StoreError) in true })
        #expect(failure.withLock { $0 } == nil)
    }

    @Test("a body that throws gives the lock back and its error on")
    func releasesAfterError() throws {
        let lock = try FileLock(path)
        let refusal = StoreError(.conflict, subject: "test")
        #expect(throws: refusal) { try lock.withExclusive { () throws(StoreError) in throw refusal } }
        #expect(try lock.tryExclusive())
    }

    @Test("threads with a common and with their own lock objects never overlap")
    func excludesThreads() async throws {
        let lock = try FileLock(path)
        let visitors = Visitors()
        let path = path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<4 {
                group.addTask {
                    let mine = index < 2 ? lock : try FileLock(path)
                    for _ in 0..<20 {
                        try mine.withExclusive { () throws(StoreError) in visitors.visit() }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(visitors.overlapCount == 0)
    }

    @Test("a folder that is missing or is a file is an error that names it")
    func badPaths() throws {
        #expect(throws: StoreError.self) { try FileLock(folder.path("missing/lock")) }
        _ = try FileLock(path)
        let error = #expect(throws: StoreError.self) { try FileLock(path + "/lock") }
        #expect(error?.code == .notAStore)
        #expect(error?.subject == path + "/lock")
    }
}

/// Counts how often somebody came while somebody else was there.
private final class Visitors: Sendable {
    private let inside = Atomic<Int>(0)
    private let overlaps = Atomic<Int>(0)

    var overlapCount: Int { overlaps.load(ordering: .relaxed) }

    func visit() {
        if inside.add(1, ordering: .relaxed).newValue > 1 { overlaps.add(1, ordering: .relaxed) }
        usleep(50)
        inside.subtract(1, ordering: .relaxed)
    }
}
