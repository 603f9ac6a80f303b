import Foundation
import Holdfast
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Artifacts: many of them, their names, and where they are written")
struct ArtifactTests {
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

    @Test("An artifact is written through links and into pipes, which stay what they are", arguments: StoreKind.tested)
    func output(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(
            "name: a\ntasks: { t: { run: 'echo content > \"$HOLDFAST_ARTIFACTS/f\"' } }\n", to: "a.yaml")
        try await folder.holdfast("run", "a.yaml", "--run-id", "r")
        try folder.write("before", to: "target")
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "target")
        #expect(try await folder.holdfast("artifacts", "r", "t/f", "--output", "link").status == 0)
        #expect(try folder.read("target") == "content\n")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link") == "target")

        #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
        let pipe = open(folder.path + "/pipe", O_RDWR)
        defer { close(pipe) }
        #expect(try await folder.holdfast("artifacts", "r", "t/f", "--output", "pipe").status == 0)
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(pipe, &bytes, bytes.count)
        #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == "content\n")
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
