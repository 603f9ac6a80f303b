import Foundation
import Holdfast
import Testing

@Suite("How the command explains itself")
struct UsageTests {
    private static let subcommands = [
        "init", "validate", "plan", "run", "resume", "rerun", "cancel", "mark", "pin", "delete", "runs", "show", "xcom",
        "artifacts", "events", "logs", "dags", "verify", "process", "workspace",
    ]

    @Test("Every subcommand's help has an example", arguments: subcommands)
    func help(_ subcommand: String) async throws {
        let result = try await Folder().holdfast(subcommand, "--help")
        #expect(result.status == 0 && result.output.contains("Example: holdfast \(subcommand)"))
    }

    @Test("--version and --help list what there is, on standard output, and touch no store")
    func overview() async throws {
        let folder = try Folder()
        let version = try await folder.holdfast("--version", environment: ["HOLDFAST_STORE": "sqlite:/dev/null/no"])
        #expect(version.status == 0 && version.lines.count == 1)
        let help = try await folder.holdfast("--help")
        #expect(help.status == 0)
        for subcommand in Self.subcommands { #expect(help.output.contains("  \(subcommand) ")) }
    }

    @Test("A mistyped subcommand, flag or state gets a suggestion and exit code 64")
    func suggestions() async throws {
        let folder = try Folder()
        for (arguments, suggestion) in [
            (["rnus"], "did you mean runs?"), (["help", "shw"], "did you mean show?"),
            (["dags", "shw", "x"], "did you mean show?"),
            (["runs", "--formt", "json"], "Did you mean '--format'?"),
            (["runs", "--state", "faild"], "did you mean failed?"),
            (["runs", "--sort", "durations"], "did you mean duration?"),
        ] {
            let result = try await folder.holdfast(all: arguments)
            #expect(result.status == 64 && result.error.hasPrefix("holdfast: ") && result.error.contains(suggestion))
        }
    }

    @Test("Completion scripts are made, and run ids complete", arguments: ["bash", "zsh", "fish"])
    func completions(_ shell: String) async throws {
        let result = try await Folder().holdfast("--generate-completion-script", shell)
        #expect(result.status == 0 && result.output.contains("holdfast"))
    }

    @Test("Where standard output is closed, nothing is written anywhere else", arguments: StoreKind.tested)
    func closedOutput(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(
            "name: outer\ntasks: { t: { run: \"'\(Command.path)' runs >&- 2> error.txt || echo $? > code.txt\" } }\n",
            to: "outer.yaml")
        #expect(try await folder.holdfast("run", "outer.yaml").status == 0)
        #expect(try folder.lines("code.txt") == ["3"])
        #expect(try folder.read("error.txt").contains(String(cString: strerror(EBADF))))
    }

    @Test("What is piped holds no escape sequences", arguments: StoreKind.tested)
    func plainOutput(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try await folder.holdfast("init")
        let run = try await folder.holdfast("run", "pipeline.yaml", "--run-id", "r")
        let show = try await folder.holdfast("show", "r")
        #expect(!(run.output + run.error + show.output).contains("\u{1B}"))
        #expect(run.output.contains("greet: success in"))
    }
}
