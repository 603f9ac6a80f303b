import Foundation
import Holdfast
import Testing

@Suite("A run that fails, is mended and goes on")
struct FailureTests {
    private static func pipeline(exit code: Int) -> String {
        """
        name: a
        tasks:
          first: { run: echo first >> ran.txt }
          second: { needs: [first], run: "echo second >> ran.txt; echo the disk is on fire >&2; exit \(code)" }
          third: { needs: [second], run: echo third >> ran.txt }

        """
    }

    @Test(
        "It ends with 1 and says why; show does too; resume --file runs only what is left", arguments: StoreKind.tested)
    func mended(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(Self.pipeline(exit: 7), to: "a.yaml")
        let failed = try await folder.holdfast("run", "a.yaml", "--run-id", "r")
        #expect(failed.status == 1)
        for text in ["second failed", "exit code 7", "the disk is on fire", "holdfast resume r"] {
            #expect(failed.error.contains(text))
        }
        let show = try await folder.holdfast("show", "r")
        #expect(
            show.status == 0 && show.output.contains("│ the disk is on fire") && show.output.contains("upstream_failed")
        )
        #expect(try await folder.holdfast("resume", "r").status == 1)
        try folder.write(Self.pipeline(exit: 0), to: "mended.yaml")
        #expect(try await folder.holdfast("resume", "r", "--file", "mended.yaml").status == 0)
        #expect(try folder.lines("ran.txt") == ["first", "second", "second", "second", "third"])
        let run = try await folder.show("r")
        #expect(run["state"] == "success" && run["resume_count"] == 2)
        let again = try await folder.holdfast("resume", "r")
        #expect(again.status == 0 && again.error.contains("success already"))
        #expect(try folder.lines("ran.txt").count == 5)
    }

    @Test("A task marked success by hand is left alone by resume", arguments: StoreKind.tested)
    func marked(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(Self.pipeline(exit: 7), to: "a.yaml")
        try await folder.holdfast("run", "a.yaml", "--run-id", "r")
        #expect(try await folder.holdfast("mark", "r", "second", "success").status == 0)
        #expect(try await folder.holdfast("resume", "r").status == 0)
        #expect(try folder.lines("ran.txt") == ["first", "second", "third"])
    }

    @Test("rerun --from takes over what came before, and names its parent", arguments: StoreKind.tested)
    func rerun(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(Self.pipeline(exit: 0), to: "a.yaml")
        try await folder.holdfast("run", "a.yaml", "--run-id", "r")
        #expect(try await folder.holdfast("rerun", "r", "--from", "second", "--run-id", "s").status == 0)
        #expect(try folder.lines("ran.txt") == ["first", "second", "third", "second", "third"])
        #expect(try await folder.show("s")["parent_run_id"] == "r")
    }

    @Test("A file that defines another DAG is refused", arguments: StoreKind.tested)
    func otherDAG(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(Self.pipeline(exit: 7), to: "a.yaml")
        try folder.write(Self.pipeline(exit: 0).replacing("name: a", with: "name: b"), to: "b.yaml")
        try await folder.holdfast("run", "a.yaml", "--run-id", "r")
        let result = try await folder.holdfast("resume", "r", "--file", "b.yaml")
        #expect(result.status == 2 && result.error.contains("run r is one of a"))
    }

    @Test("pin is kept, delete removes the run and its logs", arguments: StoreKind.tested)
    func pinAndDelete(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(Self.pipeline(exit: 0), to: "a.yaml")
        try await folder.holdfast("run", "a.yaml", "--run-id", "r")
        #expect(try await folder.holdfast("pin", "r").status == 0)
        #expect(try await folder.holdfast("show", "r").output.contains("pinned"))
        #expect(folder.exists(".holdfast/logs/r"))
        #expect(try await folder.holdfast("delete", "r").status == 0)
        #expect(!folder.exists(".holdfast/logs/r"))
        #expect(try await folder.holdfast("show", "r").status == 2)
        #expect(try await folder.holdfast("verify").status == 0)
    }
}
