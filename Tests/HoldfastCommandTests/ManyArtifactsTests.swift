import Foundation
import Holdfast
import Testing

@Suite("Artifacts by the thousand, and their names")
struct ManyArtifactsTests {
    @Test("A task may leave them; a rerun takes them over", arguments: StoreKind.tested)
    func many(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(
            """
            name: a
            tasks:
              many: { run: 'cd "$HOLDFAST_ARTIFACTS"; for i in $(seq 1200); do echo $i > f$i; done' }
              last: { needs: [many], run: echo done }

            """, to: "a.yaml")
        let run = try await folder.holdfast("run", "a.yaml", "--run-id", "r")
        #expect(run.status == 0, "\(run.error)")
        #expect(try await folder.holdfast("rerun", "r", "--from", "last", "--run-id", "again").status == 0)
        for id in ["r", "again"] {
            #expect(try await folder.holdfast("artifacts", id, "--format", "jsonl").lines.count == 1200)
            #expect(try await folder.holdfast("artifacts", id, "many/f1200").output == "1200\n")
        }
        #expect(try await folder.holdfast("verify").status == 0)
    }

    @Test("A name that shows a secret fails the task, and is not recorded", arguments: StoreKind.tested)
    func secretNames(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(
            """
            name: a
            secrets: [TOKEN_OF_TESTS]
            tasks:
              artifact: { run: 'touch "$HOLDFAST_ARTIFACTS/$TOKEN_OF_TESTS.txt"' }
              xcom: { run: 'echo "$TOKEN_OF_TESTS=1" >> "$HOLDFAST_OUTPUT"' }

            """, to: "a.yaml")
        let run = try await folder.holdfast(
            "run", "a.yaml", "--run-id", "r", environment: ["TOKEN_OF_TESTS": "hush-hush"])
        #expect(run.status == 1)
        let events = try await folder.holdfast("events", "r").output
        #expect(events.components(separatedBy: "its name shows a secret").count == 4)
        #expect(!events.contains("hush-hush"))
    }
}
