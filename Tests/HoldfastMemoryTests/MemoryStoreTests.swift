import Holdfast
import HoldfastMemory
import HoldfastTesting
import Testing

@Suite("Memory store")
struct MemoryStoreTests {
    @Test("keeps the store contract", arguments: StoreConformance.cases)
    func conforms(_ promise: ConformanceCase) async throws {
        let origin = MemoryStore()
        try await promise.run(StoreHarness { options in MemoryStore(sharing: origin, options: options) })
    }
}
