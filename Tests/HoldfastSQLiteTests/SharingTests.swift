import Foundation
import GRDB
import Holdfast
import HoldfastLocal
import HoldfastTesting
import Testing

@testable import HoldfastSQLite

@Suite("Several users of one file")
struct SharingTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("two stores that commit at the same time lose nothing and leave no gaps")
    func concurrentCommits() async throws {
        let stores = [try await open(folder.database), try await open(folder.database)]
        let history = try await stores[0].create("a")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<25 {
                        let signal = EventPayload.signal("from-\(writer)", .int(Int64(number)))
                        _ = try await stores[writer % 2].commit(.appending(signal, to: history, at: start))
                    }
                }
            }
            try await group.waitForAll()
        }
        for store in stores {
            let events = try await store.history(HistoryQuery(history)).elements
            #expect(events.map(\.sequence) == Array(1...201))
            #expect(try await store.feed(FeedQuery(.beginning)).entries.count == 201)
            #expect(try await store.maintain(MaintenanceRequest(check: true)).findings == [])
            try await store.close()
        }
    }

    @Test("what another store commits ends a wait for the feed")
    func foreignCommit() async throws {
        let (reader, writer) = (try await open(folder.database), try await open(folder.database))
        let history = try await writer.create("a")
        let next = try await reader.feed(FeedQuery(.now)).next
        let page = Task { try await reader.feed(FeedQuery(.after(next), wait: .seconds(30))) }
        _ = try await writer.commit(.appending(.signal("s"), to: history, at: start))
        let first = try await page.value
        #expect(first.entries.map(\.event?.payload) == [.signal("s")])
        let request = Task {
            try await reader.feed(FeedQuery(.after(first.next), requestsOnly: true, wait: .seconds(30)))
        }
        let lease = try await writer.claim(
            ClaimRequest(worker: .sample(), target: .histories([history]), time: start))[0]
        _ = try await writer.commit(.appending(.step("own"), to: history, token: lease.token, at: start))
        _ = try await writer.commit(.appending(.signal("t"), to: history, at: start))
        #expect(try await request.value.entries.map(\.event?.payload) == [.signal("t")])
        try await reader.close()
        try await writer.close()
    }

    @Test("a request that another store takes ends a wait among this store's own commits")
    func foreignCommitAmongOwn() async throws {
        let (reader, writer) = (try await open(folder.database), try await open(folder.database))
        let lease = try await reader.createClaimed("a")
        let next = try await reader.feed(FeedQuery(.now)).next
        let request = Task {
            try await reader.feed(FeedQuery(.after(next), requestsOnly: true, wait: .seconds(30)))
        }
        let own = Task {
            while !Task.isCancelled {
                let step = Changeset.appending(.step("own"), to: lease.history, token: lease.token, at: start)
                _ = try await reader.commit(step)
            }
        }
        _ = try await writer.commit(.appending(.signal("s"), to: lease.history, at: start))
        #expect(try await request.value.entries.map(\.event?.payload) == [.signal("s")])
        own.cancel()
        try await own.value
        try await reader.close()
        try await writer.close()
    }

    @Test("a wait for the feed ends when its task is cancelled or its store closed")
    func endOfWait() async throws {
        let store = try await open(folder.database)
        let cancelled = Task { try await store.feed(FeedQuery(.now, wait: .seconds(60))) }
        cancelled.cancel()
        await #expect(throws: StoreError.self) { try await cancelled.value }
        let closed = Task { try await store.feed(FeedQuery(.now, wait: .seconds(60))) }
        try await store.close()
        await #expect(throws: StoreError.self) { try await closed.value }
    }

    @Test("a program that keeps the database locked is waited for, but not for ever")
    func foreignLock() async throws {
        let store = try await open(folder.database, busyTimeout: .milliseconds(50))
        let history = try await store.create("a")
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let shell = try DatabaseQueue(path: folder.database, configuration: configuration)
        try await shell.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") } as Void
        let signal = Changeset.appending(.signal("s"), to: history, at: start)
        #expect(await code { () throws(StoreError) in _ = try await store.commit(signal) } == .unavailable)
        #expect(try await store.lastSequence(of: history) == 1)
        try await shell.writeWithoutTransaction { try $0.execute(sql: "COMMIT") } as Void
        #expect(try await store.commit(signal).sequences == [2...2])
        try shell.close()
        try await store.close()
    }

    @Test("what another program wrote is noticed before the next commit")
    func foreignWrite() async throws {
        let (one, other) = (try await open(folder.database), try await open(folder.database))
        let lease = try await one.createClaimed("a")
        let taker = WorkerInfo.sample("worker-2")
        try one.execute("UPDATE worker SET expires_at = 0")
        let taken = try await other.claim(
            ClaimRequest(worker: taker, target: .histories([lease.history]), time: start))[0]
        #expect(taken.takenOverFrom == WorkerInfo.sample().id)
        let late = Changeset.appending(.step("s"), to: lease.history, token: lease.token, at: start)
        #expect(await code { () throws(StoreError) in _ = try await one.commit(late) } == .leaseLost)
        try await one.close()
        try await other.close()
    }

    @Test("a worker of this machine is dead as soon as its lock is free, whatever its lease says")
    func workerLock() async throws {
        let (owner, other) = (try await open(folder.database), try await open(folder.database))
        let worker = WorkerInfo.thisProcess(WorkerID(unchecked: "w"))
        let lease = try await owner.createClaimed("a", by: worker)
        let running = Summary.Folded(asOf: 2, state: .running, updatedAt: start)
        _ = try await owner.commit(
            Changeset(summaries: [.update(SummaryUpdate(lease.history, folded: running, token: lease.token))]))
        let query = SummaryQuery(states: [.interrupted])
        #expect(try await other.summaries(query).elements.isEmpty)
        #expect(try await other.summary(of: lease.history).lease?.isLive == true)
        try await owner.close()
        #expect(try await other.summaries(query).elements.map(\.id) == [lease.history])
        #expect(try await other.summaries(query).total == 1)
        #expect(try await other.counts(CountQuery()).map(\.state) == [.interrupted])
        #expect(try await other.summary(of: lease.history).lease?.isLive == false)
        try await other.close()
    }

    @Test("a tenant sees nothing of another's, blobs included")
    func tenants() async throws {
        let mine = try await open(folder.database)
        let theirs = try await open(folder.database, tenant: Tenant(unchecked: "other"))
        let history = try await mine.create("a")
        let blob = try await mine.writeBlob(ByteStream([1]))
        #expect(try await theirs.feed(FeedQuery(.beginning)).entries.isEmpty)
        #expect(
            await code { () throws(StoreError) in _ = try await theirs.history(HistoryQuery(history)) } == .notFound)
        #expect(await code { () throws(StoreError) in _ = try await theirs.readBlob(blob.digest) } == .notFound)
        try await theirs.create("a")
        #expect(try await mine.counts(CountQuery()).map(\.count) == [1])
        try await mine.close()
        try await theirs.close()
    }
}
