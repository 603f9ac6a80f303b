import Holdfast

/// Comma-separated values as RFC 4180 has them: a header, CRLF, quotes where they are needed.
enum CSV {
    /// - Parameter names: the members that become columns; an absent or null one is empty, an object or array is JSON.
    static func text(_ objects: [JSONValue], _ names: [String]) -> String {
        let header = names.map(field).joined(separator: ",")
        let rows = objects.map { object in
            names.map { field(object[$0].map { $0.isNull ? "" : $0.rawText } ?? "") }.joined(separator: ",")
        }
        return ([header] + rows).map { $0 + "\r\n" }.joined()
    }

    private static func field(_ text: String) -> String {
        let special = text.utf8.contains { [UInt8(ascii: ","), UInt8(ascii: "\""), 10, 13].contains($0) }
        return special ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}
