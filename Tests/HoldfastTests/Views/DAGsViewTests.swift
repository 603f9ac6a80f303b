import Holdfast
import HoldfastTesting
import Testing

@Suite("DAGs")
struct DAGsViewTests {
    let fixture = ViewsFixture()
    var dags: DAGsView { fixture.views.dags }
    let etl = DAGID(unchecked: "etl")

    @Test("each version that was registered is kept, and found by digest, label or an unambiguous prefix")
    func keepsVersions() async throws {
        let first = try DAGDefinition.etl(label: "1")
        let second = try DAGDefinition.etl(label: "2", retries: 1)
        try await dags.register(first)
        fixture.clock.advance(by: .seconds(1))
        let dag = try await dags.register(second)
        #expect(dag.versions.map(\.label) == ["2", "1"])
        #expect(try await dags.get(etl) == dag)
        #expect(try await dags.definition(of: etl) == second)
        #expect(try await dags.definition(of: etl, version: first.version.hexadecimal) == first)
        #expect(try await dags.definition(of: etl, version: "1") == first)
        #expect(try await dags.definition(of: etl, version: String(second.version.hexadecimal.prefix(12))) == second)
        #expect(await error { _ = try await dags.definition(of: etl, version: "none") }?.code == .notFound)
        #expect(await error { _ = try await dags.definition(of: etl, version: "") }?.code == .notFound)
    }

    @Test("a digest's beginning that several versions share is refused")
    func refusesAmbiguous() async throws {
        for retries in 0..<17 { try await dags.register(try .etl(retries: retries)) }
        let digests = try await dags.get(etl).versions.map(\.digest.hexadecimal)
        let groups = Dictionary(grouping: digests, by: \.first)
        let shared = try #require(groups.first { $0.value.count > 1 }?.key)
        #expect(await error { _ = try await dags.definition(of: etl, version: String(shared)) }?.code == .invalid)
    }

    @Test("registering what is in force changes nothing; an earlier version comes to the front again")
    func registersAgain() async throws {
        let first = try await dags.register(try .etl())
        #expect(try await dags.register(try .etl()) == first)
        try await dags.register(try .etl(retries: 1))
        let again = try await dags.register(try .etl())
        #expect(again.versions.count == 2)
        #expect(try await dags.definition(of: etl) == (try .etl()))
    }

    @Test("registering at the same time loses nothing")
    func registersTogether() async throws {
        let dags = dags
        try await withThrowingTaskGroup { group in
            for retries in 0..<8 { group.addTask { try await dags.register(try .etl(retries: retries)) } }
            try await group.waitForAll()
        }
        #expect(try await dags.get(etl).versions.count == 8)
    }

    @Test("pausing is kept over registrations")
    func pauses() async throws {
        try await dags.register(try .etl())
        #expect(try await dags.pause(etl).isPaused)
        #expect(try await dags.pause(etl).isPaused)
        #expect(try await dags.register(try .etl(retries: 1)).isPaused)
        #expect(try await dags.resume(etl).isPaused == false)
        #expect(await error { try await dags.pause(DAGID("none")) }?.code == .notFound)
    }

    @Test("deregistering leaves nothing but the runs")
    func deregisters() async throws {
        try await dags.register(try .etl())
        try await dags.register(try .etl(retries: 1))
        let run = try await fixture.createETL()
        try await dags.deregister(etl)
        #expect(await error { _ = try await dags.get(etl) }?.code == .notFound)
        #expect(try await fixture.store.records(RecordQuery(kind: "dag_definition")).elements.isEmpty)
        #expect(try await fixture.runs.get(run).dag == etl)
        #expect(await error { try await dags.deregister(etl) }?.code == .notFound)
        #expect(try await dags.register(try .etl()).versions.count == 1)
    }

    @Test("a definition larger than a record is kept in pieces")
    func keepsLargeDefinitions() async throws {
        var large = try DAGDefinition.etl()
        large.tasks += try (0..<6000).map { index in
            var task = try TaskDefinition.shell("täsk".replacing("ä", with: "a") + "-\(index)", needs: ["extract"])
            task.action = .shell("echo \"ä \(String(repeating: "x", count: 100))\"")
            return task
        }
        #expect(large.json.encoded().count > Record.maximumBodySize)
        try await dags.register(large)
        #expect(try await dags.definition(of: etl) == large)
        try await dags.deregister(etl)
        #expect(try await fixture.store.records(RecordQuery(kind: "dag_definition")).elements.isEmpty)
    }

    @Test("DAGs are listed by name, and an unknown one is answered with a similar one")
    func lists() async throws {
        var other = try DAGDefinition.etl()
        other.name = DAGID("audit")
        for definition in [try .etl(), other] { try await dags.register(definition) }
        #expect(try await dags.list().elements.map(\.id.rawValue) == ["audit", "etl"])
        let page = try await dags.list(limit: 1)
        #expect(try await dags.list(limit: 1, cursor: page.nextCursor).elements.map(\.id) == [etl])
        #expect(await error { _ = try await dags.get(DAGID("adit")) }?.detail == "did you mean audit?")
    }

    @Test("DAG JSON names the version in force and all there are")
    func output() async throws {
        let definition = try DAGDefinition.etl(label: "1")
        let dag = try await dags.register(definition)
        let version: JSONValue = [
            "version": .string(definition.version.hexadecimal), "label": "1",
            "registered_at": "2026-01-01T10:00:00.000Z",
        ]
        var expected = try #require(version.objectValue)
        expected.merge(["dag_id": "etl", "paused": false, "versions": [version]]) { $1 }
        #expect(dag.outputJSON == .object(expected))
        #expect(dag.outputJSON(with: definition)["definition"]?["name"] == "etl")
    }
}
