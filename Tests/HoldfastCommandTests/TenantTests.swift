import Foundation
import Testing

@Suite("Tenants of one store")
struct TenantTests {
    @Test(
        "Runs of the same id do not meet: neither listed, nor in their logs, nor when one is deleted",
        arguments: StoreKind.tested)
    func sameID(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write("name: a\ntasks: { t: { run: echo \"of $WHO\" } }\n", to: "a.yaml")
        for tenant in ["default", "one", "two"] {
            let run = try await folder.holdfast(
                "run", "a.yaml", "--run-id", "r", "--tenant", tenant, environment: ["WHO": tenant])
            #expect(run.status == 0, "\(run.error)")
        }
        for tenant in ["default", "one", "two"] {
            #expect(try await folder.holdfast("logs", "r", "--tenant", tenant).output == "of \(tenant)\n")
            #expect(
                try await folder.holdfast("xcom", "r", "t", "return_value", "--tenant", tenant).output
                    == "of \(tenant)\n")
        }
        try await folder.holdfast("delete", "r", "--tenant", "one")
        #expect(try await folder.holdfast("runs", "--tenant", "one").output == "no runs\n")
        for tenant in ["default", "two"] {
            #expect(try await folder.holdfast("logs", "r", "--tenant", tenant).output == "of \(tenant)\n")
        }
    }
}
