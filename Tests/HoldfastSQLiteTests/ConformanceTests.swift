import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastSQLite

@Suite("SQLite store")
struct SQLiteStoreTests {
    @Test("keeps the store contract", arguments: StoreConformance.cases)
    func conforms(_ promise: ConformanceCase) async throws {
        let folder = try TemporaryFolder()
        try await promise.run(
            StoreHarness { options in try await SQLiteStore(path: folder.path + "/holdfast.db", options: options) })
    }

    @Test("keeps the store contract when its newest events are filed all the time", arguments: StoreConformance.cases)
    func conformsFiling(_ promise: ConformanceCase) async throws {
        let folder = try TemporaryFolder()
        try await promise.run(
            StoreHarness { options in
                try await SQLiteStore(
                    path: folder.path + "/holdfast.db", options: options, filing: Filing(events: 3))
            })
    }
}
