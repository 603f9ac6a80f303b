import Foundation
import Holdfast
import Testing

@Suite("A tour through the command")
struct TourTests {
    @Test(
        "The sample pipeline is written, valid, planned and runs; its run can be looked at from every side",
        arguments: StoreKind.tested)
    func sample(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        #expect(try await folder.holdfast("init").status == 0)
        let again = try await folder.holdfast("init")
        #expect(again.status == 2 && again.error.contains("is there already"))
        #expect(try await folder.holdfast("validate", "pipeline.yaml").output.contains("valid, 4 tasks"))
        #expect(
            try await folder.holdfast("plan", "pipeline.yaml", "--param", "name=ada").output.contains("name = \"ada\""))
        #expect(!folder.exists(".holdfast"))

        let run = try await folder.holdfast(
            "run", "pipeline.yaml", "--run-id", "first", "--param", "name=ada", "--label", "a=b")
        #expect(run.status == 0 && run.lines.first == "first")
        #expect(try await folder.holdfast("runs").output.contains("first"))
        #expect(
            try await folder.holdfast("runs", "--label", "a=b", "--format", "csv").output.contains("\r\nfirst,sample,"))
        #expect(try await folder.holdfast("runs", "--label", "a=c").output == "no runs\n")
        #expect(try await folder.holdfast("show", "fir").output.contains("success"))
        #expect(
            try await folder.holdfast("artifacts", "first", "greet/greeting.txt").output.hasPrefix(
                "Hello ada, there are"))
        #expect(
            try await folder.holdfast("xcom", "first", "colours", "return_value").output
                == "[\"red\",\"green\",\"blue\"]\n")
        #expect(try await folder.holdfast("xcom", "first", "colours[1]", "return_value").output == "green\n")
        #expect(try await folder.holdfast("logs", "first", "colours[2]").output == "blue\n")
        #expect(try await folder.holdfast("dags").output.contains("sample"))
        #expect(try await folder.holdfast("verify").output.contains("no damage"))
    }

    @Test("An artifact goes to a file, whole", arguments: StoreKind.tested)
    func artifactFile(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write("name: a\ntasks: { t: { run: 'printf hello > $HOLDFAST_ARTIFACTS/x.txt' } }\n", to: "a.yaml")
        try await folder.holdfast("run", "a.yaml", "--run-id", "r")
        #expect(try await folder.holdfast("artifacts", "r", "t/x.txt", "--output", "copy.txt").status == 0)
        #expect(try folder.read("copy.txt") == "hello")
        let typo = try await folder.holdfast("artifacts", "r", "t/y.txt")
        #expect(typo.status == 2 && typo.error.contains("did you mean t/x.txt?"))
    }

    @Test("The store is found from a folder below, and only its owner may read it")
    func storeFolder() async throws {
        let folder = try Folder()
        try await folder.holdfast("init")
        try await folder.holdfast("run", "pipeline.yaml", "--run-id", "r")
        #expect(try folder.mode(".holdfast") == 0o700)
        #expect(try folder.mode(".holdfast/holdfast.db") == 0o600)
        let below = folder.url.appendingPathComponent("a/b")
        try FileManager.default.createDirectory(at: below, withIntermediateDirectories: true)
        try folder.write(
            "name: b\nworking_dir: a/b\ntasks: { t: { run: '\(Command.path) runs --format jsonl; echo x' } }\n",
            to: "b.yaml")
        try await folder.holdfast("run", "b.yaml", "--run-id", "inner")
        #expect(try await folder.holdfast("logs", "inner", "t").output.contains("\"run_id\":\"r\""))
    }

    @Test("--store goes before or behind the subcommand, and HOLDFAST_STORE names one too")
    func storeOption() async throws {
        let folder = try Folder()
        try await folder.holdfast("init")
        let store = "sqlite:\(folder.path)/other.db"
        try await folder.holdfast("--store", store, "run", "pipeline.yaml", "--run-id", "r")
        #expect(!folder.exists(".holdfast"))
        #expect(try await folder.holdfast("runs", "--store", store).output.contains("r "))
        #expect(try await folder.holdfast("runs", environment: ["HOLDFAST_STORE": store]).output.contains("r "))
        #expect(try await folder.holdfast("runs").output == "no runs\n")
        #expect(try await folder.holdfast("runs", "--store", store, "--tenant", "else").output == "no runs\n")
    }

    @Test("A dry run shows the plan and leaves nothing behind", arguments: StoreKind.tested)
    func dryRun(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try await folder.holdfast("init")
        let result = try await folder.holdfast("run", "pipeline.yaml", "--dry-run", "--format", "json")
        let tasks = try #require(try result.json()["tasks"]?.arrayValue)
        #expect(tasks.compactMap { $0["task_id"]?.stringValue } == ["count", "colours", "greet", "report"])
        #expect(!folder.exists(".holdfast"))
    }

    @Test("DAGs are registered, shown, paused and forgotten", arguments: StoreKind.tested)
    func dags(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try await folder.holdfast("init")
        #expect(try await folder.holdfast("dags", "register", "pipeline.yaml").status == 0)
        #expect(try await folder.holdfast("dags", "pause", "sample").status == 0)
        let list = try await folder.holdfast("dags", "list", "--format", "json").json()
        #expect(list["dags"]?[0]?["dag_id"] == "sample" && list["dags"]?[0]?["paused"] == true)
        #expect(try await folder.holdfast("dags", "resume", "sample").status == 0)
        #expect(try await folder.holdfast("dags", "show", "sample").output.contains("colours"))
        #expect(try await folder.holdfast("dags", "deregister", "sample").status == 0)
        let gone = try await folder.holdfast("dags", "show", "sample")
        #expect(gone.status == 2)
    }
}
