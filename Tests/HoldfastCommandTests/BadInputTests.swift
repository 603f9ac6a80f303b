import Foundation
import Holdfast
import Testing

@Suite("Bad input")
struct BadInputTests {
    @Test("Without a store, lists are empty, runs are unknown, and nothing is made", arguments: StoreKind.tested)
    func noStore(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        #expect(
            try await folder.holdfast("runs", "--format", "json").json() == [
                "runs": [], "next_cursor": .null, "total": 0,
            ])
        #expect(try await folder.holdfast("dags").status == 0)
        #expect(try await folder.holdfast("verify").status == 0)
        #expect(try await folder.holdfast("runs", "--tenant", "a/b").status == 2)
        for arguments in [
            ["show", "x"], ["resume", "x"], ["rerun", "x"], ["cancel", "x"], ["mark", "x", "t", "success"],
            ["pin", "x"],
            ["delete", "x"], ["xcom", "x"], ["artifacts", "x"], ["events", "x"], ["logs", "x"], ["dags", "pause", "x"],
        ] {
            let result = try await folder.holdfast(all: arguments)
            #expect(result.status == 2 && result.error.hasPrefix("holdfast: "), "\(arguments): \(result.error)")
        }
        #expect(!folder.exists(".holdfast"))
    }

    @Test("A store path that is a folder, junk, or below a file ends with 3")
    func notAStore() async throws {
        let folder = try Folder()
        try folder.write("this is no database, whatever its name says, and it is longer than a header", to: "junk.db")
        for store in ["sqlite:\(folder.path)", "sqlite:junk.db", "sqlite:junk.db/below.db", "junk:", folder.path] {
            for arguments in [["runs"], ["verify"], ["show", "x"]] {
                let result = try await folder.holdfast(all: arguments + ["--store", store])
                #expect(result.status == 3 && result.error.hasPrefix("holdfast: "), "\(store): \(result.error)")
            }
        }
        #expect(try folder.read("junk.db").hasPrefix("this is no database"))
    }

    @Test("A working directory whose path is not UTF-8 is refused, and no other one is used")
    func oddFolder() async throws {
        let folder = try Folder()
        try folder.write(
            #"""
            name: a
            tasks:
              t: { run: "odd=$(printf 'odd\\377'); mkdir $odd; cd $odd; '\#(Command.path)' init; '\#(Command.path)' run pipeline.yaml || echo $? > ../code.txt" }

            """#, to: "a.yaml")
        let run = try await folder.holdfast("run", "a.yaml")
        #expect(run.status == 0, "\(run.error)")
        #expect(try folder.lines("code.txt") == ["2"])
    }

    @Test("A store that can't be made where it is named ends with 3", arguments: ["sqlite", "files"])
    func impossiblePlace(_ kind: String) async throws {
        let folder = try Folder()
        try folder.write("name: a\ntasks: { t: { command: ['true'] } }\n", to: "a.yaml")
        let result = try await folder.holdfast("run", "a.yaml", "--store", "\(kind):/proc/no/such/place")
        #expect(result.status == 3 && result.error.hasPrefix("holdfast: "), "\(result.error)")
    }

    @Test("A label that is too long, or has no key, is refused by name before anything runs")
    func labels() async throws {
        let folder = try Folder()
        try folder.write("name: a\ntasks: { t: { run: touch ran } }\n", to: "a.yaml")
        let long = String(repeating: "x", count: 2000)
        for (label, reason) in [("team=" + long, "label \"team\""), (long + "=data", "use a key of 1 to 256 bytes")] {
            let result = try await folder.holdfast("run", "a.yaml", "--label", label)
            #expect(result.status == 2 && result.error.contains(reason), "\(result.error)")
        }
        #expect(!folder.exists("ran"))
        #expect(try await folder.holdfast("runs", "--format", "jsonl").output.isEmpty)
    }

    @Test("Files that can't be read or are not right end with 2 and say where")
    func pipelineFiles() async throws {
        let folder = try Folder()
        try Data([0x6E, 0xFF, 0xFE, 0x0A]).write(to: folder.url.appendingPathComponent("latin.yaml"))
        try folder.write("name: a\ntasks:\n  t: { rum: echo }\n  u: { needs: [v], run: echo }\n", to: "wrong.yaml")
        for file in ["none.yaml", ".io", "latin.yaml", "wrong.yaml"] {
            for subcommand in ["validate", "plan", "run"] {
                let result = try await folder.holdfast(subcommand, file)
                #expect(result.status == 2 && result.error.contains(file) && result.output.isEmpty, "\(result.error)")
            }
        }
        let wrong = try await folder.holdfast("validate", "wrong.yaml")
        #expect(wrong.error.contains("wrong.yaml:3:8: ") && wrong.error.contains("wrong.yaml:4:"))
        let json = try await folder.holdfast("validate", "wrong.yaml", "--format", "json")
        #expect(json.status == 2)
        #expect(try json.json()["problems"]?[0]?["line"] == 3)
        #expect(!folder.exists(".holdfast"))
    }

    @Test(
        "Wrong parameters, ids, labels, secrets and folders are refused before anything is recorded",
        arguments: StoreKind.tested)
    func runArguments(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write("name: a\nparams: { date: null }\ntasks: { t: { command: ['true'] } }\n", to: "a.yaml")
        try folder.write("name: b\nsecrets: [NOT_SET_ANYWHERE]\ntasks: { t: { command: ['true'] } }\n", to: "b.yaml")
        try folder.write("name: c\nworking_dir: nowhere\ntasks: { t: { command: ['true'] } }\n", to: "c.yaml")
        for (arguments, message) in [
            (["run", "a.yaml"], "--param date=VALUE"),
            (["run", "a.yaml", "--param", "dat=1"], "did you mean \"date\"?"),
            (["run", "a.yaml", "--param", "date=1", "--run-id", "../x"], "run id"),
            (["run", "a.yaml", "--param", "date=1", "--label", "k=1", "--label", "k=2"], "given twice"),
            (["run", "b.yaml"], "NOT_SET_ANYWHERE"), (["run", "c.yaml"], "nowhere"),
        ] {
            let result = try await folder.holdfast(all: arguments)
            #expect(result.status == 2 && result.error.contains(message), "\(result.error)")
        }
        #expect(!folder.exists(".holdfast"))
        #expect(try await folder.holdfast("run", "a.yaml", "--param", "date").status == 64)
    }

    @Test("Who marks a task of several instances is told their names", arguments: StoreKind.tested)
    func markMapped(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write("name: a\ntasks: { m: { foreach: [1, 2, 3], run: exit 1 } }\n", to: "a.yaml")
        try await folder.holdfast("run", "a.yaml", "--run-id", "r")
        for task in ["m", "m[3]"] {
            let result = try await folder.holdfast("mark", "r", task, "success")
            #expect(result.status == 2 && result.error.contains("name one of m[0] to m[2]"), "\(result.error)")
        }
    }

    @Test("Used ids, unknown runs, ambiguous beginnings and forged cursors end with 2", arguments: StoreKind.tested)
    func ids(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write("name: a\ntasks: { load: { command: ['true'] } }\n", to: "a.yaml")
        for id in ["abc-1", "abc-2", "abc"] { try await folder.holdfast("run", "a.yaml", "--run-id", id) }
        for (arguments, message) in [
            (["run", "a.yaml", "--run-id", "abc"], "exists already"), (["show", "abd"], "did you mean abc?"),
            (["show", "ab"], "abc-1"), (["show", "../etc"], "run id"), (["runs", "--cursor", "5b5d"], "cursor"),
            (["runs", "--limit", "0"], "limit"), (["xcom", "abc", "laod"], "did you mean load?"),
            (["mark", "abc", "u", "success"], "u"), (["rerun", "abc", "--from", "u"], "u"),
            (["logs", "abc", "load", "--try", "9"], "9"),
            (["logs", "abc", "load[0]"], "load[0] of run abc: not found"),
            (["xcom", "abc", "load[0]"], "load[0] of run abc: not found"),
        ] {
            let result = try await folder.holdfast(all: arguments)
            #expect(result.status == 2 && result.error.contains(message), "\(arguments): \(result.error)")
        }
        #expect(try await folder.holdfast("show", "abc").status == 0)
    }
}
