import Holdfast
import HoldfastEngine
import HoldfastSQLite

struct Order: Codable, Sendable {
    var id: Int
    var prices: [Int]
}

func bill(_ workflow: WorkflowContext, _ id: Int) async throws -> String {
    let order = try await workflow.step("fetch") { Order(id: id, prices: [20, 22]) }
    let total = try await workflow.step("charge", retries: 3) { order.prices.reduce(0, +) }
    return "order \(order.id): \(total)"
}

let opened = try await openStore("sqlite:orders.db", backends: [SQLiteStore.backend])
let engine = Engine(
    store: opened.store,
    configuration: EngineConfiguration(logFolder: opened.logFolder, storeURL: opened.url))

let run = try RunID("order-7")
print(try await engine.runWorkflow(try DAGID("bill"), id: run, input: 7, bill))
print(try await engine.resumeWorkflow(run, bill))  // answers what is recorded; no step runs again
try await opened.store.close()
