import Foundation
import Holdfast
import HoldfastMemory
import HoldfastSQLite
import Testing

@Suite("Views over every store")
struct ViewsOverStoresTests {
    enum Kind: CaseIterable {
        case memory, sqlite
    }

    /// Gives a test the views of a store of its own.
    private func withViews(_ kind: Kind, _ body: (Views) async throws -> Void) async throws {
        guard kind == .sqlite else { return try await body(Views(MemoryStore())) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "holdfast-views-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        let store = try await SQLiteStore(path: folder.appending(path: "holdfast.db").path)
        try await body(Views(store))
        try await store.close()
    }

    private let extract = InstanceID(TaskID(unchecked: "extract"))

    @Test("a run recorded by hand is followed to its end, run again and deleted", arguments: Kind.allCases)
    func wholeLife(_ kind: Kind) async throws {
        try await withViews(kind) { views in
            let run = try await views.runs.create(from: try .etl(), id: try RunID("etl-1")).run
            async let followed = sequences(views.events.follow(run))
            try await views.tasks.setState(run, extract, to: .running)
            let large = JSONValue.string(String(repeating: "x", count: 100_000))
            try await views.tasks.setState(run, extract, to: .success, xcoms: ["return_value": large, "n": 1])
            try await views.artifacts.save(run, try ArtifactKey("report/a.txt"), Array("text".utf8))
            try await views.runs.setState(run, to: .failed, reason: "enough")
            #expect(try await followed == Array(1...7))
            #expect(try await views.xcoms.get(run, extract.task) == large)
            let copy = try await views.runs.rerun(run, from: TaskID("transform")).run
            #expect(try await views.xcoms.get(copy, extract.task) == large)
            #expect(try await views.artifacts.get(copy, try ArtifactKey("report/a.txt")) == Array("text".utf8))
            #expect(try await views.tasks.list(TaskQuery(states: [.success])).elements.map(\.run) == [copy, run])
            try await views.runs.delete(run)
            #expect(try await views.runs.list().elements.map(\.run) == [copy])
            #expect(try await views.store.verify().findings == [])
        }
    }

    @Test("writes of one process at the same time all go through", arguments: Kind.allCases)
    func together(_ kind: Kind) async throws {
        try await withViews(kind) { views in
            let run = try await views.runs.create(DAGID("notes"), id: try RunID("notes-1")).run
            try await withThrowingTaskGroup { group in
                for index in 0..<8 {
                    group.addTask {
                        try await views.xcoms.set(run, InstanceID(TaskID("t\(index)")), to: .int(Int64(index)))
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await views.xcoms.list(run).count == 8)
            #expect(try await views.runs.get(run).visibleState == .queued)
            #expect(try await views.store.verify().findings == [])
        }
    }

    @Test("DAGs are registered, versioned and deregistered", arguments: Kind.allCases)
    func dags(_ kind: Kind) async throws {
        try await withViews(kind) { views in
            try await views.dags.register(try .etl(label: "1"))
            let dag = try await views.dags.register(try .etl(label: "2", retries: 1))
            #expect(try await views.dags.list().elements == [dag])
            #expect(try await views.dags.definition(of: dag.id, version: "1") == (try .etl(label: "1")))
            try await views.dags.deregister(dag.id)
            #expect(try await views.dags.list().elements.isEmpty)
        }
    }

    private func sequences(_ events: RunEvents) async throws -> [Int64] {
        var sequences: [Int64] = []
        for try await event in events { sequences.append(event.sequence) }
        return sequences
    }
}
