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
        if let damage = journal.recovery.damage, findings.isEmpty {
            findings.append(.init(subject: damage.path(in: journal.folder), problem: damage.problem))
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

    /// The runs and processes that a damaged line names.
    private static func whose(_ line: UnsafeRawBufferPointer) -> String {
        let text = String(decoding: line, as: UTF8.self)
        var names: [String] = []
        for kind in ["run", "process"] {
            for part in text.components(behind: "\"\(kind)\":\"") {
                let id = part.prefix { $0 != "\"" }
                if RunID.isValid(String(id)), !names.contains("\(kind) \(id)") { names.append("\(kind) \(id)") }
            }
        }
        return names.isEmpty ? "" : "; it is about \(names.joined(separator: ", "))"
    }
}

extension String {
    fileprivate func components(behind mark: String) -> [Substring] {
        ranges(of: mark).map { self[$0.upperBound...] }
    }
}
