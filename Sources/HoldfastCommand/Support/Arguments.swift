import ArgumentParser
import Holdfast
import HoldfastEngine

/// `key=value`, as `--param` and `--label` take it.
struct KeyValue: ExpressibleByArgument, Sendable {
    let key: String
    let value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else { return nil }
        key = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }
}

extension [KeyValue] {
    /// - Throws: `CommandFailure` for a key that is given twice.
    func dictionary(_ noun: String) throws(CommandFailure) -> [String: String] {
        var result: [String: String] = [:]
        for pair in self where result.updateValue(pair.value, forKey: pair.key) != nil {
            throw CommandFailure(.badInput, "\(noun) \(quoted(pair.key)) is given twice; give it once")
        }
        return result
    }
}

// MARK: - Texts into values

/// A duration such as `500ms`, `30s`, `5m`.
@Sendable func parseDuration(_ text: String) throws -> Duration {
    guard let duration = Duration(pipelineText: text), duration > .zero else {
        throw ValidationError("\(quoted(text)) is no duration; write it as 500ms, 30s, 5m, 2h or 1d")
    }
    return duration
}

/// A moment such as `2026-01-31` or `2026-01-31T10:00:00Z`, or how long ago: `2h`.
@Sendable func parseTime(_ text: String) throws -> Timestamp {
    if let time = Timestamp(text) { return time }
    if let ago = Duration(pipelineText: text) { return SystemWallClock().now().earlier(by: ago) }
    throw ValidationError(
        "\(quoted(text)) is no time; write 2026-01-31, 2026-01-31T10:00:00Z, or how long ago: 30m, 2h, 7d")
}

extension Timestamp {
    fileprivate func earlier(by duration: Duration) -> Timestamp {
        Timestamp(milliseconds: milliseconds - duration.wholeMilliseconds)
    }
}

/// A name out of a fixed list.
func parseName<Value: RawRepresentable & CaseIterable>(
    _ text: String, of noun: String, as type: Value.Type = Value.self
) throws -> Value where Value.RawValue == String {
    if let value = Value(rawValue: text) { return value }
    let names = Value.allCases.map(\.rawValue)
    let advice =
        Spelling.nearest(to: text, in: names).map { "did you mean \($0)?" } ?? "use \(names.joined(separator: ", "))"
    throw ValidationError("\(quoted(text)) is no \(noun); \(advice)")
}

/// A task, or with its map index in brackets one instance of it: `load`, `shards[3]`.
func parseInstance(_ text: String) throws(StoreError) -> InstanceID {
    guard text.hasSuffix("]"), let bracket = text.firstIndex(of: "[") else { return InstanceID(try TaskID(text)) }
    let digits = text[text.index(after: bracket)...].dropLast()
    guard let index = Int(digits), index >= 0 else {
        throw StoreError(.invalid, subject: "task \(quoted(text))", detail: "write the map index as a number: task[3]")
    }
    return InstanceID(try TaskID(String(text[..<bracket])), mapIndex: index)
}
