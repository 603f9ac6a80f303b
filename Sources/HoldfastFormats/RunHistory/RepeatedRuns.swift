import Holdfast

/// Which runs have several lines in `runs.jsonl`, and which of these is the last whole one. Found by passes over the file
/// that remember only bits of the ids, as long as none comes twice.
struct RepeatedRuns {
    private var lastLines: [String: Int] = [:]

    init(in path: String, _ times: SourceTimes) throws(Refusal) {
        let candidates = try Self.candidates(in: path)
        guard !candidates.isEmpty else { return }
        var reader = LineReader(try SourceFile(path, followsLink: true))
        while let line = try reader.next() {
            guard let bytes = line.bytes, RunIDs(in: bytes).contains(where: candidates.contains),
                let id = Self.wholeLine(bytes, times)
            else { continue }
            lastLines[id] = line.number
        }
    }

    /// Of a run that may have several; nil for one that has one.
    func lastLine(of id: String) -> Int? { lastLines[id] }

    /// Ids that may be on several lines.
    private static func candidates(in path: String) throws(Refusal) -> Set<String> {
        var filter = IDFilter()
        var candidates: Set<String> = []
        var reader = LineReader(try SourceFile(path, followsLink: true))
        while let line = try reader.next() {
            for id in RunIDs(in: line.bytes ?? []) where filter.insert(id) { candidates.insert(id) }
        }
        return candidates
    }

    /// The id of a line that can be read.
    private static func wholeLine(_ bytes: [UInt8], _ times: SourceTimes) -> String? {
        do {
            return try RunHistoryLine(try JSONFile.parse(bytes), times: times).id
        } catch {
            // It is reported when its turn comes.
            return nil
        }
    }
}

/// Everything on a line that may be its run's id: found without parsing, which would take most of an import's first pass.
private struct RunIDs: Sequence, IteratorProtocol {
    private static let name = Array("\"run_id\"".utf8)

    private let line: [UInt8]
    private var index = 0
    private var parsed: String?

    init(in line: [UInt8]) {
        self.line = line
        // Texts with escapes are not what they look like.
        guard line.contains(UInt8(ascii: "\\")) else { return }
        index = line.count
        parsed = (try? JSONFile.parse(line))?["run_id"]?.stringValue
    }

    mutating func next() -> String? {
        if let id = parsed {
            parsed = nil
            return id
        }
        while enterNext() {
            guard let end = line[index...].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            defer { index = end + 1 }
            return String(decoding: line[index..<end], as: UTF8.self)
        }
        return nil
    }

    /// Goes to the text behind the next member of that name.
    private mutating func enterNext() -> Bool {
        while let found = position(of: Self.name) {
            index = found + Self.name.count
            guard skip(UInt8(ascii: ":")), skip(UInt8(ascii: "\"")) else { continue }
            return true
        }
        return false
    }

    private func position(of text: [UInt8]) -> Int? {
        line.withUnsafeBufferPointer { buffer in
            var start = index
            while start + text.count <= buffer.count {
                if buffer[start] == text[0], buffer[start..<(start + text.count)].elementsEqual(text) { return start }
                start += 1
            }
            return nil
        }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        while index < line.count, line[index] == 0x20 || line[index] == 0x09 { index += 1 }
        guard index < line.count, line[index] == byte else { return false }
        index += 1
        return true
    }
}

/// Which ids may have been seen, in a fixed amount of memory.
struct IDFilter {
    private static let bits = 1 << 27
    private var words = [UInt64](repeating: 0, count: bits / 64)

    /// - Returns: whether it may have been there; never false for one that was.
    mutating func insert(_ id: String) -> Bool {
        // FNV-1a, 64 bits; only spread matters here.
        let hash = id.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let bit = Int(truncatingIfNeeded: hash ^ hash >> 32) & (Self.bits - 1)
        let mask: UInt64 = 1 << UInt64(bit % 64)
        defer { words[bit / 64] |= mask }
        return words[bit / 64] & mask != 0
    }
}
