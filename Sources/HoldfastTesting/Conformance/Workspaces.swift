import Holdfast
import Testing

// Registered places, over any store.

extension StoreConformance {
    static let workspaces: [ConformanceCase] = [
        ConformanceCase("B, Workspace: registering again updates, the given fields only") { bench in
            let id = WorkspaceID(unchecked: "ws")
            let first = try await bench.workspaces.register(id, rootPath: "/srv/repo", metadata: ["a": 1, "b": 2])
            #expect(first == Workspace(id: id, name: "ws", rootPath: "/srv/repo", metadata: ["a": 1, "b": 2]))
            try await bench.workspaces.register(id, name: "Repository", color: "#fff")
            try await bench.workspaces.register(id, rootPath: "/srv/moved", metadata: ["a": .null])
            let expected = Workspace(
                id: id, name: "Repository", rootPath: "/srv/moved", color: "#fff", metadata: ["b": 2])
            #expect(try await bench.workspaces.get(id) == expected)
            #expect(try await bench.reopened().workspaces.list().elements == [expected])
        },
        ConformanceCase("a workspace without a root path, or with an empty name, is refused") { bench in
            let id = WorkspaceID(unchecked: "ws")
            try await bench.refuses(.invalid) { try await bench.workspaces.register(id, name: "n") }
            try await bench.workspaces.register(id, rootPath: "/srv")
            try await bench.refuses(.invalid) { try await bench.workspaces.register(id, name: "") }
            try await bench.refuses(.invalid) { try await bench.workspaces.register(id, rootPath: "") }
            try await bench.refuses(.invalid) { try await bench.workspaces.rename(id, to: "") }
            #expect(try await bench.workspaces.get(id) == Workspace(id: id, name: "ws", rootPath: "/srv"))
        },
        ConformanceCase("workspaces are listed by id, page by page, and renamed") { bench in
            for name in ["c", "a", "b"] {
                try await bench.workspaces.register(WorkspaceID(unchecked: name), rootPath: "/")
            }
            try await bench.workspaces.rename(WorkspaceID(unchecked: "b"), to: "Bee")
            let first = try await bench.workspaces.list(limit: 2)
            #expect(first.elements.map(\.name) == ["a", "Bee"])
            let second = try await bench.workspaces.list(limit: 2, cursor: first.nextCursor)
            #expect(second.elements.map(\.id.rawValue) == ["c"] && second.nextCursor == nil)
            try await bench.refuses(.notFound) {
                try await bench.workspaces.rename(WorkspaceID(unchecked: "d"), to: "Dee")
            }
        },
        ConformanceCase("a workspace in use is not removed, unless forced; runs and processes keep their tag") {
            bench in
            let id = WorkspaceID(unchecked: "ws")
            try await bench.workspaces.register(id, rootPath: "/srv")
            try await bench.create("r", workspace: "ws")
            try await bench.processes.add(.sample("p", workspace: "ws", start: bench.now))
            let error = try await bench.refuses(.inUse) { try await bench.workspaces.remove(id) }
            #expect(error?.detail?.contains("runs with its tag: 1, processes: 1") == true)
            try await bench.workspaces.remove(id, isForced: true)
            #expect(try await bench.workspaces.list().elements == [])
            #expect(try await bench.processes.list(ProcessQuery(workspace: id)).elements.count == 1)
            try await bench.refuses(.notFound) { try await bench.workspaces.remove(id) }
            try await bench.workspaces.register(WorkspaceID(unchecked: "free"), rootPath: "/")
            try await bench.workspaces.remove(WorkspaceID(unchecked: "free"))
            #expect(try await bench.workspaces.list().elements == [])
        },
        ConformanceCase("registrations of one workspace at once all count") { bench in
            let id = WorkspaceID(unchecked: "ws")
            try await bench.workspaces.register(id, rootPath: "/srv")
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 12) { index in
                try await (index % 2 == 0 ? bench : other).workspaces.register(id, metadata: ["k\(index)": 1])
            }
            #expect(outcomes.allSatisfy { $0 == nil })
            #expect(try await bench.workspaces.get(id).metadata.count == 12)
        },
        ConformanceCase(
            "B, Known losses: unreadable JSON was read as an empty list and then overwritten; here it is reported and left alone"
        ) { bench in
            let id = WorkspaceID(unchecked: "ws")
            for body in [["name": 5, "root_path": "/"], [1], .null] as [JSONValue] {
                try await bench.put("ws", body, kind: "workspace")
                let before = try await bench.record("ws", kind: "workspace")
                await expectError(.corrupt) { _ = try await bench.workspaces.list() }
                await expectError(.corrupt) { _ = try await bench.workspaces.get(id) }
                await expectError(.corrupt) { try await bench.workspaces.register(id, rootPath: "/new") }
                #expect(try await bench.record("ws", kind: "workspace") == before)
            }
        },
    ]
}
