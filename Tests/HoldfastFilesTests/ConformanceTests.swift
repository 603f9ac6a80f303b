import Holdfast
import HoldfastFiles
import HoldfastTesting
import Testing

@Suite("The files store")
struct ConformanceTests {
    @Test("keeps the store contract", arguments: StoreConformance.cases)
    func conforms(_ promise: ConformanceCase) async throws {
        let folder = try TemporaryFolder()
        try await promise.run(
            StoreHarness { options in try await FilesStore(path: folder.path + "/store", options: options) })
    }
}
