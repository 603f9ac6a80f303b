import Holdfast
import Testing

// Schemas under name and version: written once, over the contract.

extension StoreConformance {
    static let schemas: [ConformanceCase] = [
        ConformanceCase("a schema never changes under its name and version; the same again is fine") { bench in
            let first = try await bench.schemas.register(order, ["type": "object", "minimum": 1.0])
            bench.clock.advance(by: .seconds(1))
            #expect(try await bench.schemas.register(order, ["minimum": 1.0, "type": "object"]) == first)
            await expectError(.alreadyExists) { try await bench.schemas.register(order, ["type": "array"]) }
            let schemas = try await bench.reopened().schemas
            #expect(try await schemas.get(order) == first)
            try await schemas.register(SchemaID(unchecked: "order@2"), ["type": "array"])
        },
        ConformanceCase("of two contents registered at once under one version, one wins") { bench in
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 12) { index in
                try await (index % 2 == 0 ? bench : other).schemas.register(
                    order, ["title": .string("\(index % 3)")])
            }
            #expect(outcomes.filter { $0 == nil }.count == 4)
            #expect(outcomes.compactMap { $0 }.allSatisfy { $0.code == .alreadyExists })
        },
        ConformanceCase("a broken schema is refused with all its problems, and leaves nothing") { bench in
            let error = await expectError(.invalid) {
                try await bench.schemas.register(order, ["type": "text", "pattern": "(a+)+"])
            }
            #expect((error?.cause as? SchemaProblems)?.problems.map(\.pointer) == ["/type", "/pattern"])
            await expectError(.notFound) { _ = try await bench.schemas.get(order) }
        },
        ConformanceCase("an unknown schema is not found, and a near one is named") { bench in
            try await bench.schemas.register(order, true)
            for (id, hint) in [("order@1.0", "there is order@1"), ("ordre@1", "did you mean order@1?")] {
                let error = await expectError(.notFound) {
                    _ = try await bench.schemas.get(SchemaID(unchecked: id))
                }
                #expect(error?.detail == hint)
            }
            for text in ["order", "order@", "@1", "a@b@c", "a/b@1", "../x@1", "order@1 "] {
                await expectError(.invalid) { _ = try SchemaID(text) }
            }
        },
        ConformanceCase("schemas are listed by name and version, page by page") { bench in
            for id in ["b@1", "a@2", "a@1", "ab@1"] {
                try await bench.schemas.register(SchemaID(unchecked: id), ["title": .string(id)])
            }
            #expect(try await bench.schemas.list().elements.map(\.id.rawValue) == ["a@1", "a@2", "ab@1", "b@1"])
            #expect(try await bench.schemas.list(name: "a").elements.map(\.id.rawValue) == ["a@1", "a@2"])
            let first = try await bench.schemas.list(limit: 3)
            let second = try await bench.schemas.list(limit: 3, cursor: try #require(first.nextCursor))
            #expect((first.elements + second.elements).count == 4 && second.nextCursor == nil)
        },
        ConformanceCase("a deleted schema can only come back with the same content") { bench in
            #expect(try await !bench.schemas.delete(order))
            try await bench.schemas.register(order, ["type": "object"])
            #expect(try await bench.schemas.delete(order))
            #expect(try await !bench.schemas.delete(order))
            await expectError(.notFound) { _ = try await bench.schemas.get(order) }
            #expect(try await bench.schemas.list().elements.isEmpty)
            await expectError(.alreadyExists) { try await bench.schemas.register(order, ["type": "array"]) }
            try await bench.schemas.register(order, ["type": "object"])
            #expect(try await bench.schemas.get(order).document == ["type": "object"])
        },
    ]

    private static let order = SchemaID(unchecked: "order@1")
}

extension Workbench {
    fileprivate var schemas: SchemasView { views.schemas }
}
