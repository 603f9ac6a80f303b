import Foundation
import Holdfast
import Testing

@testable import HoldfastLocal

@Suite struct WorkerLocksTests {
    private let folder: TemporaryFolder
    private let locks: WorkerLocks
    private let worker = WorkerID(unchecked: "worker-1")
    private var file: String { folder.path("workers/worker-1.lock") }

    init() throws {
        folder = try TemporaryFolder()
        locks = try WorkerLocks(folder: folder.path("workers"))
    }

    @Test("a folder in which the system lets nobody make any is an error, not an endless attempt")
    func impossibleFolder() {
        #expect(throws: StoreError.self) { try WorkerLocks(folder: "/proc/self/holdfast/workers") }
    }

    @Test("folder and file are their owner's only")
    func modes() throws {
        try locks.hold(worker)
        #expect(try mode(of: folder.path("workers")) == 0o700)
        #expect(try mode(of: file) == 0o600)
    }

    @Test("a worker without a file is free")
    func missingIsFree() throws { #expect(try locks.isFree(worker)) }

    @Test("the process that holds a worker answers held, through any object")
    func heldInProcess() throws {
        try locks.hold(worker)
        #expect(try !locks.isFree(worker))
        #expect(try !WorkerLocks(folder: locks.folder).isFree(worker))
    }

    @Test("a held worker can't be held again")
    func holdsOnce() throws {
        try locks.hold(worker)
        for other in [locks, try WorkerLocks(folder: locks.folder)] {
            let error = #expect(throws: StoreError.self) { try other.hold(worker) }
            #expect(error?.code == .leaseHeld)
        }
        #expect(try !locks.isFree(worker))
    }

    @Test("release removes the file and frees the worker, which can be held again")
    func releases() throws {
        try locks.hold(worker)
        try locks.release(worker)
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(try locks.isFree(worker))
        try locks.hold(worker)
        #expect(try !locks.isFree(worker))
    }

    @Test("release leaves the file of a new holder alone")
    func releaseSparesNewHolder() throws {
        try locks.hold(worker)
        try FileManager.default.removeItem(atPath: file)
        let other = try WorkerLocks(folder: locks.folder)
        try other.hold(worker)
        try locks.release(worker)
        #expect(FileManager.default.fileExists(atPath: file))
        #expect(try !locks.isFree(worker))
        try other.release(worker)
        try locks.release(worker)
        #expect(try locks.isFree(worker))
    }

    @Test("another process holds its worker until it is killed")
    func otherProcess() throws {
        let holder = try LockHolder(file)
        #expect(try !locks.isFree(worker))
        holder.killNow()
        #expect(FileManager.default.fileExists(atPath: file))
        #expect(try locks.isFree(worker))
        try locks.hold(worker)
    }

    @Test("a killed holder frees its worker at once, although a child it spawned lives on")
    func childDoesNotInherit() async throws {
        let (folder, note) = (locks.folder, folder.path("child"))
        await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String, note = note as String] in
            let locks = try WorkerLocks(folder: folder)
            try locks.hold(WorkerID("worker-1"))
            let child = try spawnSleeper(sparing: folder + "/worker-1.lock")
            try String(child).write(toFile: note, atomically: true, encoding: .utf8)
            #expect(try !locks.isFree(WorkerID("worker-1")))
            kill(getpid(), SIGKILL)
        }
        let child = try #require(pid_t(try String(contentsOfFile: note, encoding: .utf8)))
        defer { kill(child, SIGKILL) }
        #expect(try String(contentsOfFile: "/proc/\(child)/comm", encoding: .utf8) == "sleep\n")
        #expect(FileManager.default.fileExists(atPath: file))
        #expect(try locks.isFree(worker))
    }

    @Test("files of dead workers are removed, those of live ones stay")
    func removesDead() throws {
        let (dead, live) = (WorkerID(unchecked: "dead"), WorkerID(unchecked: "live"))
        let holder = try LockHolder(folder.path("workers/dead.lock"))
        let liveHolder = try LockHolder(folder.path("workers/live.lock"))
        try locks.hold(worker)
        holder.killNow()
        #expect(try locks.removeDead() == [dead])
        #expect(!FileManager.default.fileExists(atPath: folder.path("workers/dead.lock")))
        #expect(try !locks.isFree(live))
        #expect(try !locks.isFree(worker))
        _ = liveHolder
    }

    @Test("holder and sweepers at the same moment: the holder always has the file that is there")
    func races() async throws {
        let folder = locks.folder
        let work = BlockingWork(label: "test", width: 3)
        let isDone = Flag()
        async let swept: Void = withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try await work.run { () throws(StoreError) in
                        let sweeper = try WorkerLocks(folder: folder)
                        while !isDone.value { try sweeper.removeDead() }
                    }
                }
            }
            try await group.waitForAll()
        }
        let wrongAnswers = try await work.run { () throws(StoreError) in
            defer { isDone.value = true }
            let (mine, others) = (try WorkerLocks(folder: folder), try WorkerLocks(folder: folder))
            var wrong = 0
            for _ in 0..<2000 {
                try mine.hold(WorkerID(unchecked: "worker-1"))
                if try others.isFree(WorkerID(unchecked: "worker-1")) { wrong += 1 }
                try mine.release(WorkerID(unchecked: "worker-1"))
            }
            return wrong
        }
        try await swept
        #expect(wrongAnswers == 0)
    }
}

/// A child that lives for a minute and has all files closed that it would inherit, except one (so that nobody waits for
/// the test's own pipes to end).
private func spawnSleeper(sparing path: String) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
        guard let descriptor = Int32(name), target != path else { continue }
        posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    var child: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
    defer { arguments.forEach { free($0) } }
    try #require(posix_spawnp(&child, "sleep", &actions, nil, &arguments, environ) == 0)
    return child
}
