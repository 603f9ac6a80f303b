import Holdfast
import Testing

// Artifacts as the artifact stores before this one had them ("C"): each case names the line that binds. They are written once,
// over the contract, and have to mean the same on every backend.

extension StoreConformance {
    static let artifacts: [ConformanceCase] = [
        ConformanceCase("C, Store interface: save, get, exists") { bench in
            let run = try await bench.run("r1")
            let saved = try await bench.artifacts.save(run, "a/one", Array("1".utf8), mediaType: "text/plain")
            #expect(try await bench.artifacts.get(run, "a/one") == Array("1".utf8))
            #expect(try await bench.artifacts.exists(run, "a/one"))
            #expect(try await !bench.artifacts.exists(run, "a/two"))
            #expect(try await bench.artifacts.reference(run, "a/one") == saved)
            try await bench.artifacts.save(run, "a/one", Array("replaced".utf8))
            #expect(try await bench.reopened().artifacts.get(run, "a/one") == Array("replaced".utf8))
        },
        ConformanceCase("C, Store interface: deleting what is missing is no error, getting it is not found") { bench in
            let run = try await bench.run("r1")
            #expect(try await !bench.artifacts.delete(run, "a"))
            await expectError(.notFound) { _ = try await bench.artifacts.get(run, "a") }
            try await bench.artifacts.save(run, "a", [])
            #expect(try await bench.artifacts.delete(run, "a"))
            #expect(try await !bench.artifacts.delete(run, "a"))
            await expectError(.notFound) { _ = try await bench.artifacts.get(run, "a") }
            await expectError(.notFound) { _ = try await bench.artifacts.get(RunID(unchecked: "no-run"), "a") }
        },
        ConformanceCase("C, Store interface: list keys by prefix, clear") { bench in
            let run = try await bench.run("r1")
            for key in ["b/2", "a/1", "a/10", "ab"] { try await bench.artifacts.save(run, key, Array(key.utf8)) }
            #expect(try await bench.keys(run) == ["a/1", "a/10", "ab", "b/2"])
            #expect(try await bench.keys(run, prefix: "a/") == ["a/1", "a/10"])
            #expect(try await bench.keys(run, prefix: "c") == [])
            #expect(try await bench.artifacts.clear(run, prefix: "a/") == 2)
            #expect(try await bench.keys(run) == ["ab", "b/2"])
            #expect(try await bench.artifacts.clear(run) == 2)
            #expect(try await bench.artifacts.clear(run) == 0)
            #expect(try await bench.keys(run) == [])
        },
        ConformanceCase("C, Store interface: per run id") { bench in
            let (first, second) = (try await bench.run("r1"), try await bench.run("r2"))
            try await bench.artifacts.save(first, "key", Array("first".utf8))
            try await bench.artifacts.save(second, "key", Array("second".utf8))
            #expect(try await bench.artifacts.clear(first) == 1)
            #expect(try await bench.artifacts.get(second, "key") == Array("second".utf8))
        },
        ConformanceCase("C, Store interface: .. and a leading / in a key are refused, empty and overlong ones too") {
            _ in
            let bad = [
                "..", "../x", "a/..", "a/../../b", "/", "/x", "//x", "a//b", "a/", "", ".", "./x", "a/./b", "a\\b",
                "a\u{0}b", "a\nb", "a b", String(repeating: "k", count: 4000),
                String(repeating: "k/", count: 2000) + "k",
            ]
            for key in bad {
                await expectError(.invalid) { _ = try ArtifactKey(key) }
            }
        },
        ConformanceCase("C, Message: id content schema context run_id source timestamp extensions") { bench in
            let run = try await bench.run("r1")
            try await bench.register("finding@1.0.0", ["type": "array", "items": ["type": "integer"]])
            let message = ArtifactMessage(
                id: "m-1", content: [1, 2], schema: SchemaID(unchecked: "finding@1.0.0"), context: ["lang": "de"],
                source: "analyser",
                extensions: ["execution": ["status": "success", "duration_seconds": 0.5, "alias": "a"]])
            let saved = try await bench.artifacts.save(run, "out/m-1", message)
            #expect(saved.schema == "finding@1.0.0")
            #expect(saved.metadata["source"] == "analyser" && saved.metadata["message_id"] == "m-1")
            let reopened = try await bench.reopened()
            var expected = message
            expected.run = run
            expected.timestamp = bench.now
            #expect(try await reopened.artifacts.message(run, "out/m-1") == expected)
            let bytes = try JSONValue(parsing: try await reopened.artifacts.get(run, "out/m-1"))
            #expect(
                Set(bytes.objectValue.map { Array($0.keys) } ?? []) == [
                    "id", "content", "schema", "context", "run_id", "source", "timestamp", "extensions",
                ])
            #expect(bytes["schema"] == ["name": "finding", "version": "1.0.0"])
        },
        ConformanceCase("what breaks its schema is not saved, and every violation is named with its pointer") { bench in
            let run = try await bench.run("r1")
            try await bench.register("order@1", ["required": ["id"], "properties": ["n": ["type": "integer"]]])
            let refused = try await bench.refuses(.invalid) {
                try await bench.artifacts.save(run, "o", Array(#"{"n": "x"}"#.utf8), schema: "order@1")
            }
            let detail = try #require(refused?.detail)
            #expect(detail.contains("/required") && detail.contains("/n: it must be an integer"))
            #expect((refused?.cause as? SchemaViolations)?.report.violations.map(\.pointer) == ["", "/n"])
            try await bench.refuses(.invalid) {
                try await bench.artifacts.save(run, "o", Array("{".utf8), schema: "order@1")
            }
            try await bench.refuses(.notFound) {
                try await bench.artifacts.save(run, "o", Array("{}".utf8), schema: "order@2")
            }
            try await bench.refuses(.invalid) {
                try await bench.artifacts.save(run, "o", Array("{}".utf8), schema: "order")
            }
            let message = ArtifactMessage(id: "m", content: ["n": "x"], schema: SchemaID(unchecked: "order@1"))
            try await bench.refuses(.invalid) { try await bench.artifacts.save(run, "o", message) }
            let saved = try await bench.artifacts.save(run, "o", Array(#"{"id": 1}"#.utf8), schema: "order@1")
            #expect(saved.schema == "order@1")
            #expect(try await bench.keys(run) == ["o"])
        },
    ]
}

extension Workbench {
    fileprivate var artifacts: ArtifactsView { views.artifacts }

    fileprivate func run(_ id: String) async throws -> RunID {
        try await create(id)
        return RunID(unchecked: id)
    }

    fileprivate func register(_ id: String, _ document: JSONValue) async throws {
        try await views.schemas.register(SchemaID(unchecked: id), document)
    }

    fileprivate func keys(_ run: RunID, prefix: String = "") async throws -> [String] {
        try await artifacts.list(run, prefix: prefix).map(\.key.rawValue)
    }
}

extension ArtifactsView {
    /// Under a key that is known to be valid.
    @discardableResult
    fileprivate func save(
        _ run: RunID, _ key: String, _ bytes: [UInt8], mediaType: String = "application/json", schema: String? = nil
    ) async throws(StoreError) -> ArtifactReference {
        try await save(run, ArtifactKey(unchecked: key), bytes, mediaType: mediaType, schema: schema)
    }

    @discardableResult
    fileprivate func save(
        _ run: RunID, _ key: String, _ message: ArtifactMessage
    ) async throws(StoreError) -> ArtifactReference {
        try await save(run, ArtifactKey(unchecked: key), message)
    }

    fileprivate func get(_ run: RunID, _ key: String) async throws(StoreError) -> [UInt8] {
        try await get(run, ArtifactKey(unchecked: key))
    }

    fileprivate func exists(_ run: RunID, _ key: String) async throws(StoreError) -> Bool {
        try await exists(run, ArtifactKey(unchecked: key))
    }

    @discardableResult
    fileprivate func delete(_ run: RunID, _ key: String) async throws(StoreError) -> Bool {
        try await delete(run, ArtifactKey(unchecked: key))
    }

    fileprivate func reference(_ run: RunID, _ key: String) async throws(StoreError) -> ArtifactReference {
        try await reference(run, ArtifactKey(unchecked: key))
    }

    fileprivate func message(_ run: RunID, _ key: String) async throws(StoreError) -> ArtifactMessage {
        try await message(run, ArtifactKey(unchecked: key))
    }
}
