import Holdfast
import HoldfastLocal

/// Reads everything that the store keeps and looks for contradictions. Blocks the thread.
struct DamageSearch {
    let journal: Journal
    let blobs: BlobFolder

    private struct History: Sendable {
        var id: HistoryID
        var entry: HistoryEntry
        var rows: [EventPlace]
        var blobs: Set<Digest>
    }

    func run() throws(StoreError) -> MaintenanceReport {
        var report = MaintenanceReport()
        let (histories, kept, recount) = try journal.read { index throws(StoreError) in
            let histories = try index.slots.map { id, slot throws(StoreError) in try Self.history(id, slot, index) }
            return (histories, index.keptCounts.filter { $0.value != 0 }, index.recount)
        }
        if kept != recount { report.findings.append(.init(subject: "counts", problem: "they differ from a recount")) }
        var used: Set<Digest> = []
        for history in histories {
            report.checked["events", default: 0] += Int(history.entry.lastSequence)
            for problem in check(history) {
                report.findings.append(.init(subject: history.id.description, problem: problem))
            }
            used.formUnion(history.blobs)
        }
        report.checked["histories"] = histories.count
        report.checked["blobs"] = used.count
        report.findings += try checkJournal()
        for digest in used.sorted() {
            do throws(StoreError) {
                try blobs.verify(digest)
            } catch {
                report.findings.append(.init(subject: error.subject, problem: error.detail ?? error.description))
            }
        }
        return report
    }

    private static func history(_ id: HistoryID, _ slot: Int32, _ index: Index) throws(StoreError) -> History {
        let entry = index.entries[Int(slot)]
        let plan = try index.plan(HistoryQuery(id, limit: .max))
        let blobs: Set<Digest>
        if let open = entry.open {
            blobs = open.blobs
        } else {
            blobs = try BaseHistory(try index.baseLine(of: slot), id: id).blobs
        }
        return History(id: id, entry: entry, rows: plan.places, blobs: blobs)
    }

    private func check(_ history: History) -> [String] {
        var problems: [String] = []
        let entry = history.entry
        if entry.lastSequence == 0 { problems.append("it has no events") }
        do throws(StoreError) {
            var count: Int64 = 0
            if entry.sealedBytes > 0 {
                let file = SealedHistory(
                    history.id, bytes: entry.sealedBytes, in: journal.folder, on: journal.fileSystem)
                count = try file.check()
            }
            if count != entry.sealedEvents {
                problems.append("its file has \(count) events, not \(entry.sealedEvents)")
            }
            for place in history.rows { _ = try place.read() }
        } catch {
            problems.append("\(error)")
        }
        if Int64(history.rows.count) + entry.sealedEvents != entry.lastSequence {
            problems.append("its sequences have gaps")
        }
        return problems
    }

    // MARK: - The journal

    /// Reads every segment again, line by line.
    private func checkJournal() throws(StoreError) -> [MaintenanceReport.Finding] {
        var findings: [MaintenanceReport.Finding] = []
        let (segments, end, damages) = journal.withIndex { ($0.segments, $0.end, $0.damages) }
        for damage in damages {
            findings.append(.init(subject: damage.path(in: journal.folder), problem: damage.problem))
        }
        for (number, segment) in segments.sorted(by: { $0.key < $1.key }) {
            let limit = number == end.segment && journal.recovery.damage == nil ? end.offset : Int64.max
            findings += try SegmentCheck(segment, to: limit, path: journal.folder.segment(number)).findings
        }
        if let damage = journal.recovery.damage {
            if findings.isEmpty {
                findings.append(.init(subject: damage.path(in: journal.folder), problem: damage.problem))
            }
            findings += try findUnread(behind: end, damage)
        }
        return findings
    }

    /// What stands behind the damage and is not shown, segment by segment.
    private func findUnread(behind end: JournalEnd, _ damage: Damage) throws(StoreError) -> [MaintenanceReport.Finding]
    {
        let (folder, fileSystem) = (journal.folder, journal.fileSystem)
        let names = try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.names(in: folder.journal) }
        var findings: [MaintenanceReport.Finding] = []
        for number in names.compactMap(StoreFolder.segmentNumber).sorted() where number >= end.segment {
            let path = folder.segment(number)
            let file = try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.open(path, .readOnly) }
            let unread = try UnreadLines(of: file, from: number == end.segment ? end.offset : 0)
            guard unread.count > 0 else { continue }
            findings.append(
                .init(subject: path, problem: "\(unread.count) lines behind the damage are not shown\(unread.whose)"))
        }
        return findings
    }
}

extension Index {
    fileprivate var recount: [CountKey: Int] {
        var counts: [CountKey: Int] = [:]
        for (id, slot) in slots {
            let entry = entries[Int(slot)]
            let key = CountKey(kind: id.kind, dag: entry.dag, workspace: entry.workspace, state: entry.state)
            counts[key, default: 0] += 1
        }
        return counts
    }
}

/// The damaged lines of one segment, with what their text still tells of whose they are.
private struct SegmentCheck {
    private(set) var findings: [MaintenanceReport.Finding] = []

    init(_ segment: Segment, to limit: Int64, path: String) throws(StoreError) {
        var scanner = LineScanner(segment.file, from: 0, to: limit)
        var number = 0
        var expected = segment.header.position + 1
        while true {
            number += 1
            let found = Result { () throws(ScanFailure<Never>) in
                try scanner.next { line in Self.problem(of: line, number, segment.header, &expected) }
            }
            do throws(ScanFailure<Never>) {
                guard let problem = try found.get() else { break }
                if let problem { findings.append(.init(subject: "\(path), line \(number)", problem: problem)) }
            } catch {
                if case .file(let error) = error { throw error }
            }
        }
        if scanner.rest > 0 {
            findings.append(.init(subject: "\(path), line \(number)", problem: "it has no end"))
        }
    }

    private static func problem(
        of line: UnsafeRawBufferPointer, _ number: Int, _ header: SegmentHeader, _ expected: inout Int64
    ) -> String? {
        if line.isEmpty { return nil }
        do throws(LineProblem) {
            guard number > 1 else {
                _ = try SegmentHeader(line, number: header.number)
                return nil
            }
            let head = try LineHead(line, generation: header.generation)
            let entry = try JournalEntry(line, from: head.size)
            defer { expected = head.position + entry.width }
            guard head.position == expected else {
                return "it has position \(head.position), not \(expected)" + whose(line)
            }
            return nil
        } catch {
            return error.reason + whose(line)
        }
    }

    private static func whose(_ line: UnsafeRawBufferPointer) -> String {
        let names = namedHistories(in: line)
        return names.isEmpty ? "" : "; it is about \(names.sorted().joined(separator: ", "))"
    }
}

/// Lines that nobody reads any more.
private struct UnreadLines {
    private(set) var count = 0
    private var names: Set<String> = []

    init(of file: any OpenFile, from offset: Int64) throws(StoreError) {
        var scanner = LineScanner(file, from: offset)
        while true {
            let found = Result { () throws(ScanFailure<Never>) in
                try scanner.next { line in line.isEmpty ? nil : namedHistories(in: line) }
            }
            do throws(ScanFailure<Never>) {
                guard let named = try found.get() else { return }
                guard let named else { continue }
                count += 1
                names.formUnion(named)
            } catch {
                if case .file(let error) = error { throw error }
            }
        }
    }

    var whose: String {
        guard !names.isEmpty else { return "" }
        let more = names.count > 20 ? " and \(names.count - 20) more" : ""
        return "; they are about \(names.sorted().prefix(20).joined(separator: ", "))\(more)"
    }
}

/// The runs and processes that a line names, whatever else is wrong with it.
private func namedHistories(in line: UnsafeRawBufferPointer) -> Set<String> {
    let text = String(decoding: line, as: UTF8.self)
    var names: Set<String> = []
    for kind in HistoryID.Kind.allCases {
        for mark in text.ranges(of: "\"\(kind.rawValue)\":\"") {
            let id = String(text[mark.upperBound...].prefix { $0 != "\"" })
            if RunID.isValid(id) { names.insert("\(kind.rawValue) \(id)") }
        }
    }
    return names
}
