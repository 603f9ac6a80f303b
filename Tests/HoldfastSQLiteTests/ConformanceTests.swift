import Holdfast
import HoldfastSQLite
import HoldfastTesting
import Testing

@Suite("SQLite store")
struct SQLiteStoreTests {
    @Test("keeps the store contract", arguments: StoreConformance.cases)
    func conforms(_ promise: ConformanceCase) async throws {
        let folder = try TemporaryFolder()
        try await promise.run(
            StoreHarness { options in try await SQLiteStore(path: folder.path + "/holdfast.db", options: options) })
    }
}
