import Foundation
import Holdfast
import Testing

@Suite("What a killed worker leaves behind")
struct LeftoverTests {
    private static let pipeline = """
        name: a
        secrets: [TOKEN_OF_TESTS]
        tasks:
          loop: { run: "echo $$ > pid; while ! test -e go; do echo $TOKEN_OF_TESTS; sleep 0.05; done" }

        """
    private static let secret = ["TOKEN_OF_TESTS": "not for anyone"]

    @Test(
        "Who marks, cancels or deletes its run ends its tasks, and no secret stays in the logs",
        arguments: StoreKind.tested, [["mark", "r", "loop", "success"], ["cancel", "r"], ["delete", "r"]])
    func ended(_ store: StoreKind, _ arguments: [String]) async throws {
        let folder = try Folder(store)
        try folder.write(Self.pipeline, to: "a.yaml")
        let run = try folder.start("run", "a.yaml", "--run-id", "r", environment: Self.secret)
        try await eventually("the task runs") { try folder.lines("pid").count == 1 }
        run.signal(SIGKILL)
        _ = try await run.result()
        let result = try await folder.holdfast(all: arguments)
        #expect(result.status == 0, "\(result.error)")
        let process = try #require(try folder.lines("pid").first)
        #expect(FileManager.default.contents(atPath: "/proc/\(process)/cmdline")?.isEmpty != false)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        #expect(!files.contains { $0.hasSuffix(".raw") })
        try folder.write("", to: "go")
    }
}
