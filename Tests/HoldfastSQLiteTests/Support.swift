import Foundation
import GRDB
import Holdfast
import HoldfastTesting
import Synchronization

@testable import HoldfastSQLite

let start = Timestamp(milliseconds: 1_767_225_600_000)

extension SQLiteStore {
    /// Creates a run.
    @discardableResult
    func create(_ id: String, at time: Timestamp = start) async throws -> HistoryID {
        let history = HistoryID.run(named: id)
        _ = try await commit(.creating(history, .sample(at: time), at: time))
        return history
    }

    /// Creates a run and claims it.
    func createClaimed(_ id: String, by worker: WorkerInfo = .sample()) async throws -> Lease {
        let history = try await create(id)
        return try await claim(ClaimRequest(worker: worker, target: .histories([history]), time: start))[0]
    }

    /// Uses the writing connection.
    func onWriter<Value>(_ body: (Database) throws -> Value) rethrows -> Value {
        try pool.writeWithoutTransaction(body)
    }

    func integer(_ sql: String) throws -> Int64? { try onWriter { try Int64.fetchOne($0, sql: sql) } }

    func execute(_ sql: String) throws { try onWriter { try $0.execute(sql: sql) } }

    func lastSequence(of history: HistoryID) async throws -> Int64 {
        try await self.history(HistoryQuery(history, limit: 10_000)).elements.last?.sequence ?? 0
    }
}

/// Permission bits.
func mode(of path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.posixPermissions] as? Int ?? 0) & 0o777
}

func open(
    _ path: String, tenant: Tenant = .default, creates: Bool = true, busyTimeout: Duration = .seconds(10)
) async throws(StoreError) -> SQLiteStore {
    try await SQLiteStore(
        path: path, options: StoreOptions(tenant: tenant, creates: creates, busyTimeout: busyTimeout))
}

/// The code that an act throws; nil: it succeeds.
func code(_ act: () async throws(StoreError) -> Void) async -> StoreError.Code? {
    do throws(StoreError) {
        try await act()
        return nil
    } catch {
        return error.code
    }
}

/// The texts of statements as they are run.
final class StatementLog: Sendable {
    private let log = Mutex<[String]>([])

    var texts: [String] { log.withLock { $0 } }

    func add(_ text: String) { log.withLock { $0.append(text) } }
}
