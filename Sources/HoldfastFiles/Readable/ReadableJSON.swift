import Holdfast

/// JSON for people: what matters first, the rest by name, a line feed at the end.
enum ReadableJSON {
    /// Indented by two.
    static func page(_ members: [String: JSONValue], first: [String]) -> [UInt8] {
        text(members, first, indentation: 2)
    }

    static func line(_ members: [String: JSONValue], first: [String]) -> [UInt8] {
        text(members, first, indentation: nil)
    }

    private static func text(_ members: [String: JSONValue], _ first: [String], indentation: Int?) -> [UInt8] {
        var writer = JSONWriter(reserving: 1024, indentation: indentation)
        writer.beginObject()
        for name in first {
            guard let value = members[name] else { continue }
            writer.key(name)
            value.write(to: &writer)
        }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) where !first.contains(name) {
            writer.key(name)
            value.write(to: &writer)
        }
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    /// The members at the beginning of a page that stand on a line of their own, without reading the rest.
    static func header(of page: [UInt8]) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        for line in page.split(separator: UInt8(ascii: "\n")).dropFirst() {
            guard line.last == UInt8(ascii: ","), let member = member(line.dropLast()) else { break }
            members.merge(member) { $1 }
        }
        return members
    }

    private static func member(_ text: ArraySlice<UInt8>) -> [String: JSONValue]? {
        let object = [UInt8(ascii: "{")] + Array(text) + [UInt8(ascii: "}")]
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: object).objectValue
        } catch {
            // Not a member but the beginning of one: the header ends here.
            return nil
        }
    }

    /// The whole object, if these bytes are one.
    static func object(_ bytes: some Collection<UInt8>) -> [String: JSONValue]? {
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: Array(bytes)).objectValue
        } catch {
            // Cut or damaged: what is read here can be made again.
            return nil
        }
    }
}
