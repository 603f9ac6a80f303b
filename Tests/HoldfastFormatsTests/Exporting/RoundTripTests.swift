import Foundation
import Holdfast
import HoldfastFormats
import HoldfastMemory
import Testing

@Suite("Round trips")
struct RoundTripTests {
    private let store = MemoryStore()
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var output: String { folder.path + "/out" }

    private func roundTrip(_ format: RecordFormat) async throws -> (original: [String: Data], written: [String: Data]) {
        let sample = try Fixtures.path("samples/\(format.rawValue)")
        _ = try await runImport(sample, into: store)
        _ = try await Exporter(store).run(.all, as: format, to: output)
        return (try contents(of: sample), try contents(of: output))
    }

    private func json(_ data: Data?) throws -> JSONValue { try JSONValue(parsing: Array(try #require(data))) }

    /// The JSON of files in a folder, by what they are about rather than by their name.
    private func documents(_ files: [String: Data], in folder: String, id: String) throws -> [String: JSONValue] {
        var documents: [String: JSONValue] = [:]
        for (name, data) in files where name.hasPrefix(folder) {
            let document = try json(data)
            documents[document[id]?.stringValue ?? name] = document
        }
        return documents
    }

    @Test("pipeline-core: every file means the same")
    func pipelineCore() async throws {
        let (original, written) = try await roundTrip(.pipelineCore)
        #expect(try documents(original, in: "runs/", id: "id") == documents(written, in: "runs/", id: "id"))
        #expect(try documents(original, in: "runs/", id: "id").count == 3)
        let entries = { (files: [String: Data]) in
            Set(try (json(files["xcom/etl-1.json"]).arrayValue ?? []))
        }
        #expect(try entries(original) == entries(written) && entries(written).count == 2)
        #expect(written.keys.filter { $0.hasPrefix("xcom/") } == ["xcom/etl-1.json"])
        let dags = { (files: [String: Data]) in Set(try json(files["dags.json"]).arrayValue ?? []) }
        #expect(try dags(original) == dags(written))
    }

    @Test("awf: every state means the same")
    func awf() async throws {
        let (original, written) = try await roundTrip(.awf)
        #expect(Set(original.keys) == Set(written.keys))
        for (name, data) in original { #expect(try json(data) == json(written[name]), "\(name)") }
    }

    @Test("process-store: every process and every workspace means the same")
    func processStore() async throws {
        let (original, written) = try await roundTrip(.processStore)
        for name in ["processes.json", "workspaces.json"] {
            let records = { (files: [String: Data]) in Set(try json(files[name]).arrayValue ?? []) }
            #expect(try records(original) == records(written), "\(name)")
        }
        #expect(written.count == 2)
    }

    @Test("a process that was changed after its import is exported as it is now")
    func changedProcess() async throws {
        _ = try await runImport(try Fixtures.path("samples/process-store"), into: store)
        let id = try ProcessID("p1")
        try await store.processes.appendTurn(id, ConversationTurn(role: "user", content: "again"))
        _ = try await Exporter(store).run(.all, as: .processStore, to: output)
        let processes = try json(try contents(of: output)["processes.json"]).arrayValue ?? []
        let process = try #require(processes.first { $0["process"]?["id"] == "p1" })["process"]
        #expect(process?["conversationTurns"]?.arrayValue?.count == 3)
        #expect(process?["conversationTurns"]?[0]?["turnIndex"] == 0 && process?["title"] == "Hi")
    }

    @Test("process-store: what stands beside a process comes back")
    func besideProcess() async throws {
        let entries = """
            [{"workspaceId": "ws", "pinned": true, "tags": ["a", null], "process":
              {"id": "p", "type": "clarification", "status": "completed", "startTime": "2026-01-01T00:00:00.000Z"}}]
            """
        try folder.write(entries, to: "in/processes.json")
        #expect(try await runImport(folder.path + "/in", into: store).imported.processes == 1)
        let imported = try await store.processes.get(ProcessID("p")).metadata["imported"]
        #expect(imported?["fields"]?["$entry"]?["pinned"] == true)
        _ = try await Exporter(store).run(.all, as: .processStore, to: output)
        #expect(try json(try contents(of: output)["processes.json"]) == JSONValue(parsing: entries))
        #expect(try await runImport(output, into: store).unchanged == 1)
    }

    @Test("run-history: the lines that counted and the events mean the same")
    func runHistory() async throws {
        let (original, written) = try await roundTrip(.runHistory)
        let lines = { (data: Data?) in
            try (data ?? Data()).split(separator: 0x0A).filter { !$0.allSatisfy { $0 == 0x20 } }.map {
                try json(Data($0))
            }
        }
        let expected = try lines(original["runs.jsonl"])
        #expect(Set(try lines(written["runs.jsonl"])) == Set(expected.dropFirst()))
        for name in ["events/pipeline_r2.jsonl", "events/pipeline_r9.jsonl"] {
            #expect(Set(try lines(original[name])) == Set(try lines(written[name])), "\(name)")
        }
        #expect(written.count == 3)
    }

    @Test("waivern: every file means the same, artifacts byte for byte")
    func waivern() async throws {
        let (original, written) = try await roundTrip(.waivern)
        let renamed = Dictionary(
            uniqueKeysWithValues: original.map { ($0.replacingOccurrences(of: "run.json", with: "metadata.json"), $1) })
        #expect(Set(renamed.keys) == Set(written.keys))
        for (name, data) in renamed {
            if name.contains("_system/") || name.contains("llm_cache/") {
                // The lists of a state have no order.
                #expect(try json(data).unordered == json(written[name]).unordered, "\(name)")
            } else {
                #expect(data == written[name], "\(name)")
            }
        }
    }

    @Test("what was exported is known again", arguments: RecordFormat.allCases)
    func again(_ format: RecordFormat) async throws {
        _ = try await roundTrip(format)
        let report = try await runImport(output, into: store, format: format)
        #expect(report.imported == ImportReport.Counts() && report.rejected.isEmpty, "\(report.rejected)")
    }

    @Test("every broken sample comes back as far as it came in", arguments: BrokenSampleTests.samples)
    func broken(_ sample: String) async throws {
        let path = try Fixtures.path("broken/\(sample)")
        let report = try await runImport(path, into: store)
        _ = try await Exporter(store).run(.all, as: report.format, to: output)
        guard report.imported != ImportReport.Counts() else { return }
        let again = try await runImport(output, into: store, format: report.format)
        #expect(again.imported == ImportReport.Counts(), "\(again.imported)")
        // There a run comes back without the response that the cache has from another run: it is not the same any more.
        let isLess = sample == "waivern/24-cached-responses"
        #expect(again.rejected.isEmpty != isLess, "\(again.rejected)")
    }

    @Test("a run that was changed after its import is exported as it is now")
    func changed() async throws {
        _ = try await runImport(try Fixtures.path("samples/awf"), into: store)
        let run = try RunID("7c1e6a52-0000-4000-8000-000000000002")
        try await store.runs.setState(run, to: .running)
        for state in [TaskState.running, .success] {
            try await store.tasks.setState(run, InstanceID(TaskID("ask")), to: state)
        }
        try await store.runs.setState(run, to: .success)
        _ = try await Exporter(store).run(.runs([run]), as: .awf, to: output)
        let state = try json(try contents(of: output)["states/\(run).json"])
        #expect(state["status"] == "completed" && state["states"]?["ask"]?["status"] == "completed")
        // What did not change is as it was.
        #expect(state["workflow_version"] == "1.2" && state["started_at"] == "2026-02-02T09:00:00.5Z")
    }

    @Test("runs of any origin can be written in any format", arguments: RecordFormat.allCases, RecordFormat.allCases)
    func across(_ source: RecordFormat, _ target: RecordFormat) async throws {
        guard source != target, target != .processStore else { return }
        let imported = try await runImport(try Fixtures.path("samples/\(source.rawValue)"), into: store)
        let report = try await Exporter(store).run(.all, as: target, to: output)
        #expect(report.exported.runs + report.unfinished == imported.imported.runs)
        #expect((report.unfinished > 0) == (target == .runHistory && source != .processStore))
    }

    @Test("a run that two caches answer otherwise is exported without what is another run's")
    func otherResponse() async throws {
        let key = Digest(of: Array("asked".utf8)).hexadecimal
        for (run, answer) in [("r1", 1), ("r2", 2)] {
            try folder.write(
                #"{"run_id": "\#(run)", "status": "completed", "started_at": "2026-01-01T10:00:00Z"}"#,
                to: "in/runs/\(run)/_system/metadata.json")
            try folder.write(#"{"response": \#(answer)}"#, to: "in/runs/\(run)/llm_cache/\(key).json")
        }
        let report = try await runImport(folder.path + "/in", into: store)
        #expect(report.imported.runs == 2 && report.imported.cached == 1 && report.rejected.count == 1)
        _ = try await Exporter(store).run(.all, as: .waivern, to: output)
        let written = try contents(of: output)
        #expect(written.keys.filter { $0.hasSuffix("\(key).json") } == ["runs/r1/llm_cache/\(key).json"])
        #expect(try json(written["runs/r1/llm_cache/\(key).json"])["response"] == 1)
    }

    @Test("a run that ended without any time has one in a run history, which takes it in again")
    func timeless() async throws {
        try folder.write(
            #"{"WorkflowID": "a", "Status": "completed", "StartedAt": "0001-01-01T00:00:00Z", "States": {}}"#,
            to: "in/states/a.json")
        _ = try await runImport(folder.path + "/in", into: store)
        _ = try await Exporter(store).run(.all, as: .runHistory, to: output)
        let report = try await runImport(output, into: MemoryStore(), format: .runHistory)
        #expect(report.imported.runs == 1 && report.rejected.isEmpty, "\(report.rejected)")
    }

    @Test("members whose names begin with a dollar come back")
    func dollar() async throws {
        let run = """
            {"id": "r", "dagId": "d", "state": "success", "startDate": "2026-01-01T00:00:00.000Z", "$schema": "x"}
            """
        try folder.write(run, to: "in/runs/r.json")
        _ = try await runImport(folder.path + "/in", into: store)
        _ = try await Exporter(store).run(.all, as: .pipelineCore, to: output)
        #expect(try json(try contents(of: output)["runs/r.json"]) == JSONValue(parsing: run))
    }

    @Test("times that a format can't write are left out", arguments: RecordFormat.allCases)
    func distant(_ format: RecordFormat) async throws {
        let line =
            #"{"run_id": "r", "started_at": "9999-12-31T23:59:59Z", "ended_at": "9999-12-31T23:59:59Z", "result": "failed"}"#
        try folder.write(line, to: "in/runs.jsonl")
        #expect(try await runImport(folder.path + "/in", into: store).imported.runs == 1)
        _ = try await Exporter(store).run(.all, as: format, to: output)
        guard format != .processStore else { return }
        #expect(try await runImport(output, into: MemoryStore(), format: format).imported.runs == 1)
    }

    @Test(
        "a folder that can't be made is an error that says why",
        arguments: [("file/x", "Not a directory"), ("", "named")])
    func unwritable(_ name: String, _ reason: String) async throws {
        try folder.write("", to: "file")
        let path = name.isEmpty ? "" : "\(folder.path)/\(name)"
        let failure = await #expect(throws: ExportFailure.self) {
            try await Exporter(store).run(.all, as: .awf, to: path)
        }
        #expect(failure?.description.contains(reason) == true, "\(failure?.description ?? "")")
    }

    @Test("a folder with something in it is not written to")
    func notEmpty() async throws {
        await #expect(throws: ExportFailure.self) {
            try await Exporter(store).run(.all, as: .awf, to: folder.path + "/..")
        }
    }
}

extension JSONValue {
    fileprivate var unordered: JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(
            members.mapValues { value in
                guard let texts = value.arrayValue?.compactMap(\.stringValue) else { return value }
                return .array(texts.sorted().map { .string($0) })
            })
    }
}
