import Holdfast

/// A file of the source that holds one JSON document.
struct JSONFile {
    /// Nested deeper than this, a record is refused: what remains of it is wrapped when it is kept.
    static let maximumDepth = 128

    let path: String
    let json: JSONValue
    let bytes: [UInt8]
    let modifiedAt: Timestamp

    func line(of path: [JSONStep]) -> Int { JSONLocator.line(of: path, in: bytes) }

    /// The document; nil when it was rejected.
    static func read(_ path: String, into sink: ImportSink) -> (file: JSONFile, size: Int)? {
        let bytes: [UInt8]
        let modifiedAt: Timestamp
        do throws(Refusal) {
            let file = try SourceFile(path)
            bytes = try file.contents()
            modifiedAt = file.modifiedAt
        } catch {
            sink.reject(path, line: nil, error.reason)
            return nil
        }
        guard let json = parse(bytes, path, firstLine: 1, into: sink) else { return nil }
        return (JSONFile(path: path, json: json, bytes: bytes, modifiedAt: modifiedAt), bytes.count)
    }

    /// A JSON text from a file; nil when it was rejected.
    static func parse(_ bytes: [UInt8], _ path: String, firstLine: Int, into sink: ImportSink) -> JSONValue? {
        do throws(JSONSyntaxError) {
            return try parse(bytes)
        } catch {
            // The parser counts from behind the mark.
            let offset = error.offset + (bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0)
            let line = firstLine - 1 + JSONLocator.line(at: offset, in: bytes)
            sink.reject(path, line: line, bytes.isEmpty ? "it is empty" : "no JSON: \(error.reason)")
            return nil
        }
    }

    static func parse(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSONValue {
        try bytes.withUnsafeBufferPointer { buffer in
            let text = bytes.starts(with: byteOrderMark) ? UnsafeBufferPointer(rebasing: buffer.dropFirst(3)) : buffer
            return Result { () throws(JSONSyntaxError) in
                try JSONValue(parsing: text, maximumDepth: maximumDepth)
            }
        }.get()
    }

    /// What some editors put in front of a text.
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The document of a file that is looked at to find out its format; nil when it has none.
    static func peek(_ path: String) -> JSONValue? {
        guard let bytes = try? SourceFile(path, followsLink: true).contents() else { return nil }
        return try? parse(bytes)
    }
}

extension ImportSink {
    func reject(_ refusal: Refusal, in file: JSONFile) {
        reject(file.path, line: file.line(of: refusal.path), refusal.reason)
    }
}

extension String {
    /// As it may stand in a message.
    var printed: String { utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? self : quoted(self) }
}
