import Holdfast
import HoldfastLocal

/// `runs.jsonl`: a line for each run that has ended, and another one when it was resumed and ended again. The last line of a
/// run counts.
struct RunList {
    static let path = "runs.jsonl"

    private let files: PlainFolder
    private var file: LineFile

    init(_ files: PlainFolder) {
        self.files = files
        file = LineFile(files, Self.path)
    }

    var isThere: Bool { get throws(StoreError) { try files.size(of: Self.path) != nil } }

    /// Whether no other process has changed it since this value looked at it.
    func isAsLeft() throws(StoreError) -> Bool { try file.isAsLeft() }

    mutating func append(_ line: [UInt8]) throws(StoreError) { try file.append(line) }

    /// What the last line of each run shows.
    mutating func index() throws(StoreError) -> [RunID: RunEnd] {
        var index: [RunID: RunEnd] = [:]
        try file.repair()
        try file.forEachLine { line throws(StoreError) in
            if let listed = ListedRun(line) { index[listed.run] = listed.end }
        }
        return index
    }

    /// Leaves each run's last line, and none of those named; lines that are damaged go as well.
    mutating func tidy(without gone: Set<RunID> = []) throws(StoreError) {
        var last: [RunID: Int] = [:]
        var count = 0
        var isTidy = true
        try file.forEachLine { line throws(StoreError) in
            let listed = ListedRun(line)
            if let listed, !gone.contains(listed.run) {
                if last.updateValue(count, forKey: listed.run) != nil { isTidy = false }
            } else {
                isTidy = false
            }
            count += 1
        }
        try file.repair()
        guard !isTidy else { return }
        try rewrite(Set(last.values))
    }

    private mutating func rewrite(_ kept: Set<Int>) throws(StoreError) {
        let draft = try files.draft()
        var lines: [UInt8] = []
        var count = 0
        try file.forEachLine { line throws(StoreError) in
            if kept.contains(count) { lines += line }
            count += 1
            guard lines.count >= 1 << 18 else { return }
            try draft.write(lines)
            lines = []
        }
        try draft.write(lines)
        try files.place(draft, at: Self.path)
        file = LineFile(files, Self.path)
    }
}

/// An end of a run, as its line shows it. The time tells it from an end of an earlier run of the same id.
struct RunEnd: Hashable {
    let asOf: Int64
    let endedAt: String?

    init(asOf: Int64, endedAt: String?) {
        self.asOf = asOf
        self.endedAt = endedAt
    }
}

/// What is found at the beginning of a line.
private struct ListedRun {
    let run: RunID
    let end: RunEnd

    /// Nil: the line is damaged.
    init?(_ line: ArraySlice<UInt8>) {
        guard line.suffix(2).elementsEqual("}\n".utf8), !line.hasHole else { return nil }
        let comma = UInt8(ascii: ",")
        guard let third = line.indices.lazy.filter({ line[$0] == comma }).dropFirst(2).first,
            let members = ReadableJSON.object(Array(line[..<third]) + [UInt8(ascii: "}")]),
            let run = members["run_id"]?.stringValue.flatMap(RunID.init(rawValue:)),
            let asOf = members["as_of"]?.intValue, let endedAt = members["ended_at"]
        else { return nil }
        self.run = run
        end = RunEnd(asOf: asOf, endedAt: endedAt.stringValue)
    }
}
