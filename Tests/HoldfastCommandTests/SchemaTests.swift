import Foundation
import Holdfast
import Testing

@Suite("Schemas and the cache in the command")
struct SchemaTests {
    private static let order = """
        {"title": "Order", "type": "object", "required": ["id"],
         "properties": {"id": {"type": "integer"}, "lines": {"items": {"required": ["sku"]}}}}
        """

    @Test("a schema is registered, listed, shown and deleted", arguments: StoreKind.tested)
    func register(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(Self.order, to: "order@1.0.0.json")
        #expect(try await folder.holdfast("schema", "list").output == "no schemas\n")
        let registered = try await folder.holdfast("schema", "register", "order@1.0.0.json")
        #expect(registered.status == 0 && registered.output.hasPrefix("order@1.0.0 is registered"))
        #expect(try await folder.holdfast("schema", "register", "order@1.0.0.json").status == 0)
        let list = try await folder.holdfast("schema", "list", "--format", "json").json()
        #expect(list["schemas"]?[0]?["schema_id"] == "order@1.0.0" && list["schemas"]?[0]?["title"] == "Order")
        #expect(try await folder.holdfast("schema").output.contains("order@1.0.0"))
        #expect(try await folder.holdfast("schema", "show", "order@1.0.0").json() == JSONValue(parsing: Self.order))
        try folder.write("{}", to: "other.json")
        let other = try await folder.holdfast("schema", "register", "other.json", "--as", "order@1.0.0")
        #expect(other.status == 2 && other.error.contains("exists already"))
        try folder.write(#"{"type": "objekt"}"#, to: "broken.json")
        let broken = try await folder.holdfast(
            "schema", "register", "broken.json", "--as", "b@1", "--format", "json")
        #expect(broken.status == 2)
        #expect(try broken.json()["problems"]?[0]?["pointer"] == "/type")
        let nameless = try await folder.holdfast("schema", "register", "other.json")
        #expect(nameless.status == 2 && nameless.error.contains("--as other@1.0.0"))
        #expect(try await folder.holdfast("schema", "delete", "order@1.0.0").status == 0)
        #expect(try await folder.holdfast("schema", "delete", "order@1.0.0").status == 2)
    }

    @Test("a check prints every pointer and exits with 2 when there is a violation", arguments: StoreKind.tested)
    func check(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(Self.order, to: "order.json")
        try folder.write(#"{"id": 1, "lines": [{"sku": 1}]}"#, to: "good.json")
        try folder.write(#"{"id": "x", "lines": [{"sku": 1}, {}]}"#, to: "bad.json")
        try await folder.holdfast("schema", "register", "order.json", "--as", "order@1")
        for schema in ["order@1", "order.json"] {
            let good = try await folder.holdfast("schema", "check", "good.json", "--schema", schema)
            #expect(good.status == 0 && good.output == "good.json satisfies \(schema)\n")
            let bad = try await folder.holdfast("schema", "check", "bad.json", "--schema", schema)
            #expect(bad.status == 2)
            #expect(bad.error.contains("/id: ") && bad.error.contains("/lines/1: ") && bad.error.contains("2 places"))
        }
        let json = try await folder.holdfast(
            "schema", "check", "bad.json", "--schema", "order@1", "--format", "json")
        #expect(json.status == 2)
        #expect(try json.json()["valid"] == false)
        #expect(try json.json()["violations"]?.arrayValue?.map { $0["pointer"] } == ["/id", "/lines/1"])
    }

    @Test("a broken schema or file is refused with every problem and its place")
    func broken() async throws {
        let folder = try Folder()
        try folder.write(#"{"type": "text", "pattern": "(a+)+"}"#, to: "broken.json")
        try folder.write("{\n  \"a\": x\n}", to: "torn.json")
        for arguments in [["check", "broken.json"], ["register", "broken.json", "--as", "b@1"]] {
            let result = try await folder.holdfast(all: ["schema"] + arguments)
            #expect(result.status == 2)
            #expect(result.error.contains("/type: ") && result.error.contains("run away"))
        }
        let torn = try await folder.holdfast("schema", "check", "torn.json")
        #expect(torn.status == 2 && torn.error.contains("torn.json:2:8: no JSON"))
        #expect(try await folder.holdfast("schema", "check", "absent.json").status == 2)
        let unknown = try await folder.holdfast("schema", "check", "broken.json", "--schema", "none@1")
        #expect(unknown.status == 2 && unknown.error.contains("schema none@1"))
        #expect(try await folder.holdfast("schema", "show", "no id").status == 2)
    }

    @Test("artifacts are listed by schema: of one version, or of any", arguments: StoreKind.tested)
    func artifacts(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        for name in ["_system", "artifacts"] {
            let path = folder.url.appendingPathComponent("in/runs/r/\(name)")
            try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        }
        try folder.write(
            #"{"run_id": "r", "status": "completed", "started_at": "2026-01-01T00:00:00Z"}"#,
            to: "in/runs/r/_system/metadata.json")
        for (name, schema, version) in [("a", "order", "1.0.0"), ("b", "order", "2.0.0"), ("c", "orders", "1.0.0")] {
            try folder.write(
                #"{"id": "\#(name)", "content": 1, "schema": {"name": "\#(schema)", "version": "\#(version)"}}"#,
                to: "in/runs/r/artifacts/\(name).json")
        }
        #expect(try await folder.holdfast("import", "in").status == 0)
        for (schema, keys) in [("order", ["a", "b"]), ("order@2.0.0", ["b"]), ("none", []), ("order@", [])] {
            let list = try await folder.holdfast("artifacts", "r", "--schema", schema, "--format", "json")
            #expect(try list.json()["artifacts"]?.arrayValue?.map { $0["key"]?.stringValue } == keys, "\(schema)")
        }
        #expect(try await folder.holdfast("artifacts", "r", "--schema", "none").output == "no artifacts\n")
        #expect(try await folder.holdfast("artifacts", "r", "a", "--schema", "order").status == 64)
        let rows = try await folder.holdfast("artifacts", "r", "--schema", "order", "--format", "csv").output
            .split(whereSeparator: \.isNewline)
        #expect(rows.count == 3 && rows[0] == "key,size,digest,media_type,schema" && rows[1].hasSuffix(",order@1.0.0"))
    }

    @Test("a task's result is cached, shown as such, counted, and cleared", arguments: StoreKind.tested)
    func cache(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(
            "name: c\ntasks: { t: { cache: { key: [v1], ttl: 7d }, run: 'echo ran >> order; echo 5' } }\n", to: "c.yaml"
        )
        for id in ["r1", "r2"] {
            #expect(try await folder.holdfast("run", "c.yaml", "--run-id", id).status == 0)
        }
        #expect(try folder.lines("order") == ["ran"])
        #expect(try await folder.show("r1")["tasks"]?[0]?["cached"] == nil)
        #expect(try await folder.show("r2")["tasks"]?[0]?["cached"] == true)
        #expect(try await folder.show("r2")["xcoms"]?[0]?["value"] == 5)
        #expect(try await folder.holdfast("plan", "c.yaml").output.contains("cache    v1, for 7d"))
        let stats = try await folder.holdfast("cache", "stats", "--format", "json").json()
        #expect(stats["entries"] == 1 && stats["hits"] == 1 && stats["max_entries"] == 10_000)
        #expect(try await folder.holdfast("cache", "limit", "--entries", "5").status == 0)
        #expect(try await folder.holdfast("cache").output.contains("1 of 5"))
        #expect(try await folder.holdfast("cache", "limit").status == 64)
        #expect(try await folder.holdfast("cache", "clear").output == "1 entry is gone\n")
        #expect(try await folder.holdfast("run", "c.yaml", "--run-id", "r3").status == 0)
        #expect(try folder.lines("order") == ["ran", "ran"])
    }
}
