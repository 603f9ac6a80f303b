import Foundation
import Holdfast
import HoldfastMemory
import HoldfastTesting
import Testing

@testable import HoldfastFiles

@Suite("Readable files show")
struct ShowingTests {
    let desk: Desk

    init() throws { desk = try Desk() }

    @Test("a run: summary, tasks, XComs and artifacts in run.json")
    func runPage() async throws {
        let store = await desk.open()
        let run = try await desk.views(store).record("r1")
        try await eventually("the run is shown") {
            try desk.exists("runs/r1/run.json") && desk.json("runs/r1/run.json")["state"] == "success"
        }
        let page = try #require(try desk.json("runs/r1/run.json").objectValue)
        var expected = try #require(try await desk.quiet.runs.detail(run).outputJSON.objectValue)
        expected["position"] = page["position"]
        expected["as_of"] = .int(try await desk.memory.events.list(run).last?.sequence ?? 0)
        expected["xcoms"] = page["xcoms"]
        #expect(page == expected)
        #expect(page["xcoms"]?[0]?["value"] == ["rows": 3])
        // Events that came while the page was made may be on it: its position is where the making began.
        let position = try #require(page["position"]?.intValue)
        let newest = try await desk.memory.feed(FeedQuery(.now)).next.rawValue
        #expect(position > 0 && position <= newest)
        try await store.close()
    }

    @Test("cached responses, each by its key, until they are gone")
    func responses() async throws {
        let (kept, dropped) = (
            CacheKey(prompt: "p", model: "m", responseModel: "r"), CacheKey(prompt: "q", model: "m", responseModel: "r")
        )
        try await desk.session { views in
            try await views.cache.set(kept, ["text": "hi"])
            try await views.cache.set(dropped, ["text": "ho"])
        }
        let page = try desk.json("cache/\(kept.digest.hexadecimal).json")
        #expect(page["key"] == .string(kept.digest.hexadecimal) && page["value"] == ["text": "hi"])
        #expect(page["position"]?.intValue != nil)
        try await desk.session { try await $0.cache.delete(dropped) }
        #expect(try desk.exists("cache/\(kept.digest.hexadecimal).json"))
        #expect(try !desk.exists("cache/\(dropped.digest.hexadecimal).json"))
    }

    @Test("a large XCom by the event that carries it")
    func largeXCom() async throws {
        try await desk.session { try await $0.record("r1") }
        let entry = try #require(try desk.json("runs/r1/run.json")["xcoms"]?[1])
        #expect(entry["value"] == .null)
        let sequence = try #require(entry["event"]?.intValue)
        let line = try #require(try desk.lines("runs/r1/events.jsonl").first { $0["sequence"] == .int(sequence) })
        #expect(line["xcoms"]?["return_value"]?.stringValue?.count == 2000)
    }

    @Test("its events, each as `events --format json` prints it, and where the store stood")
    func events() async throws {
        try await desk.session { try await $0.record("r1") }
        let run = RunID(unchecked: "r1")
        let lines = try desk.lines("runs/r1/events.jsonl")
        let events = try await desk.memory.events.list(run)
        #expect(lines.count == events.count)
        for (line, event) in zip(lines, events) {
            var members = try #require(line.objectValue)
            #expect(members.removeValue(forKey: "position")?.intValue != nil)
            #expect(members.removeValue(forKey: "run_id") == "r1")
            #expect(.object(members) == event.outputJSON)
        }
    }

    @Test("its artifacts as files, byte for byte, replaced and removed with them")
    func artifacts() async throws {
        let run = RunID(unchecked: "r1")
        try await desk.session { try await $0.record("r1", ending: nil) }
        #expect(try desk.text("runs/r1/artifacts/load/report.html") == "<p>3 rows</p>")
        try await desk.session { views in
            try await views.artifacts.delete(run, ArtifactKey(unchecked: "load/report.html"))
            // Now a file where a folder was.
            try await views.artifacts.save(run, ArtifactKey(unchecked: "load"), [0, 255, 10])
        }
        #expect(FileManager.default.contents(atPath: desk.path("runs/r1/artifacts/load")) == Data([0, 255, 10]))
        try await desk.session { try await $0.artifacts.clear(run) }
        #expect(!desk.exists("runs/r1/artifacts"))
    }

    @Test("each run that has ended as a line, with the fields of a run history and ours")
    func listing() async throws {
        try await desk.session { views in
            try await views.record("r1")
            try await views.record("r2", ending: .failed)
            try await views.record("r3", ending: .cancelled)
            try await views.record("r4", ending: nil)
        }
        let lines = try desk.lines("runs.jsonl")
        #expect(lines.map { $0["run_id"] } == ["r1", "r2", "r3"])
        #expect(lines.map { $0["result"] } == ["success", "failed", "stopped"])
        let line = lines[0]
        #expect(line["stages_executed"] == ["extract", "load"] && line["stages_failed"] == [])
        for name in [
            "started_at", "ended_at", "failure_reason", "retry_count", "metadata", "dag_id", "params", "position",
        ] {
            #expect(line[name] != nil, "\(name)")
        }
    }

    @Test("the registered DAGs with their definitions")
    func dags() async throws {
        let definition = DAGDefinition(
            name: DAGID(unchecked: "etl"),
            tasks: [TaskDefinition(id: TaskID(unchecked: "extract"), action: .shell("true"))])
        try await desk.session { try await $0.dags.register(definition) }
        let page = try desk.json("dags.json")
        #expect(page["position"]?.intValue != nil)
        #expect(page["dags"]?[0]?["dag_id"] == "etl" && page["dags"]?[0]?["definition"] == definition.json)
        try await desk.session { try await $0.dags.deregister(definition.name) }
        #expect(try desk.json("dags.json")["dags"] == [])
    }

    @Test("the registered workspaces")
    func workspaces() async throws {
        let site = WorkspaceID(unchecked: "site")
        try await desk.session { try await $0.workspaces.register(site, name: "The site", rootPath: "/srv/site") }
        let page = try desk.json("workspaces.json")
        #expect(page["position"]?.intValue != nil && page["workspaces"]?[0]?["root_path"] == "/srv/site")
        try await desk.session { try await $0.workspaces.remove(site) }
        #expect(try desk.json("workspaces.json")["workspaces"] == [])
    }

    @Test("a process, and each turn of its conversation as a line")
    func process() async throws {
        let process = ProcessID(unchecked: "p1")
        try await desk.session { views in
            let hello = ConversationTurn(role: "user", content: "hello")
            let record = ProcessRecord(id: process, startTime: desk.clock.now(), conversationTurns: [hello])
            try await views.processes.add(record)
            try await views.processes.appendTurn(process, ConversationTurn(role: "assistant", content: "good day"))
        }
        let page = try desk.json("processes/p1.json")
        var expected = try #require(try await desk.quiet.processes.detail(process).outputJSON.objectValue)
        expected["conversation_turns"] = 2
        expected["position"] = page["position"]
        expected["as_of"] = 2
        #expect(page == .object(expected) && page["position"]?.intValue != nil)
        let turns = try desk.lines("processes/p1.turns.jsonl")
        #expect(turns.map { $0["turn"] } == [1, 2] && turns.map { $0["content"] } == ["hello", "good day"])
        #expect(turns.allSatisfy { $0["position"]?.intValue != nil })
        try await desk.session { try await $0.processes.remove(process) }
        #expect(!desk.exists("processes/p1.json") && !desk.exists("processes/p1.turns.jsonl"))
    }

    @Test("a turn that streams once it is complete")
    func streamedTurn() async throws {
        let process = HistoryID.process(ProcessID(unchecked: "p1"))
        try await desk.session { views in
            try await views.processes.add(ProcessRecord(id: ProcessID(unchecked: "p1"), startTime: desk.clock.now()))
            for text in ["good ", "day"] {
                _ = try await views.store.commit(
                    .appending(
                        .turnStreamed(TurnPiece(stream: "s", role: "assistant", text: text)), to: process,
                        at: desk.clock.now()))
            }
        }
        #expect(!desk.exists("processes/p1.turns.jsonl"))
        try await desk.session { views in
            let whole = ConversationTurn(role: "assistant", content: "good day")
            for _ in 0..<2 {
                _ = try await views.store.commit(
                    .appending(.turnAppended(TurnAppended(whole, stream: "s")), to: process, at: desk.clock.now()))
            }
        }
        #expect(try desk.lines("processes/p1.turns.jsonl").map { $0["content"] } == ["good day"])
    }

    @Test("only their owner anything")
    func modes() async throws {
        try await desk.session { try await $0.record("r1") }
        for name in ["runs.jsonl", "runs/r1/run.json", "runs/r1/events.jsonl", "runs/r1/artifacts/load/report.html"] {
            #expect(try desk.mode(name) == 0o600, "\(name)")
        }
        for name in ["runs", "runs/r1", "runs/r1/artifacts/load", ".views"] {
            #expect(try desk.mode(name) == 0o700, "\(name)")
        }
    }

    @Test("a run whose worker has died as interrupted")
    func interrupted() async throws {
        try await desk.session { try await $0.record("r1", ending: nil) }
        #expect(try desk.json("runs/r1/run.json")["state"] == "running")
        desk.clock.advance(by: .seconds(60))
        let store = await desk.open()
        try await eventually("it is shown as interrupted") {
            try desk.json("runs/r1/run.json")["state"] == "interrupted"
        }
        try await store.close()
    }

    @Test("a history that can't be folded by its summary and its events")
    func unfoldable() async throws {
        let history = HistoryID.run(named: "r1")
        let store = await desk.open(follows: false)
        _ = try await store.commit(.creating(history, .sample(at: desk.clock.now()), at: desk.clock.now()))
        let lease = try #require(
            try await store.claim(
                ClaimRequest(worker: .sample(), target: .histories([history]), time: desk.clock.now())
            ).first)
        _ = try await store.commit(
            .appending(.started, .started, to: history, token: lease.token, at: desk.clock.now()))
        try await store.close()
        #expect(try desk.json("runs/r1/run.json")["dag_id"] == "etl")
        #expect(try desk.lines("runs/r1/events.jsonl").count == 4)
    }

    @Test("no run that was deleted, and no line of it")
    func deletion() async throws {
        try await desk.session { views in
            for id in ["r1", "r2"] { try await views.record(id) }
        }
        try await desk.session { try await $0.runs.delete(RunID(unchecked: "r1")) }
        #expect(!desk.exists("runs/r1") && desk.exists("runs/r2"))
        #expect(try desk.lines("runs.jsonl").map { $0["run_id"] } == ["r2"])
        // The same id again is another run.
        try await desk.session { try await $0.record("r1", ending: .failed) }
        #expect(try desk.lines("runs.jsonl").map { $0["result"] } == ["success", "failed"])
    }
}
