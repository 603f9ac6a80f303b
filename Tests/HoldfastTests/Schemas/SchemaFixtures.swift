import Foundation
import Holdfast
import Testing

/// The cases of one keyword: `Fixtures/schemas/<keyword>.json`, an array of `{"schema", "valid": [value, …], "invalid":
/// [[value, "<pointer>→<schema pointer>", …], …]}`.
struct SchemaCase: Sendable, CustomTestStringConvertible {
    let keyword: String
    let schema: JSONValue
    let value: JSONValue
    /// Empty for a value that satisfies the schema.
    let violations: [String]

    var testDescription: String { "\(keyword): \(value.compactText.prefix(60)) by \(schema.compactText.prefix(100))" }

    static let all: [SchemaCase] = SchemaFixtures.names(in: "schemas").flatMap { name in
        (SchemaFixtures.json("schemas/\(name)").arrayValue ?? []).flatMap { group in
            let schema = group["schema"] ?? .null
            let keyword = String(name.dropLast(5))
            let valid = (group["valid"]?.arrayValue ?? []).map { value in
                SchemaCase(keyword: keyword, schema: schema, value: value, violations: [])
            }
            let invalid = (group["invalid"]?.arrayValue ?? []).map { entry in
                SchemaCase(
                    keyword: keyword, schema: schema, value: entry[0] ?? .null,
                    violations: (entry.arrayValue ?? []).dropFirst().compactMap(\.stringValue))
            }
            return valid + invalid
        }
    }
}

/// A schema that is refused: `Fixtures/broken-schemas.json`.
struct BrokenSchema: Sendable, CustomTestStringConvertible {
    let schema: JSONValue
    let problems: [String]

    var testDescription: String { String(schema.compactText.prefix(100)) }

    static let all = (SchemaFixtures.json("broken-schemas.json").arrayValue ?? []).map { entry in
        BrokenSchema(
            schema: entry["schema"] ?? .null,
            problems: (entry["problems"]?.arrayValue ?? []).compactMap(\.stringValue))
    }
}

enum SchemaFixtures {
    private static let root = Bundle.module.resourceURL?.appending(path: "Fixtures")

    static func names(in folder: String) -> [String] {
        guard let folder = root?.appending(path: folder) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        } catch {
            Issue.record(error)
            return []
        }
    }

    /// Null, and an issue of the test, when it can't be read.
    static func json(_ path: String) -> JSONValue {
        do {
            guard let url = root?.appending(path: path) else { return .null }
            return try JSONValue(parsing: Array(try Data(contentsOf: url)))
        } catch {
            Issue.record(error, "\(path)")
            return .null
        }
    }
}
