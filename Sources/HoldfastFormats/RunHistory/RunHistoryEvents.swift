import Holdfast

/// The events of one run: `events/pipeline_<run>.jsonl`, without its repeated lines.
struct RunHistoryEvents {
    static let section = "$events"
    static let prefix = "pipeline_"
    static let suffix = ".jsonl"
    static let artifactKey = ArtifactKey(unchecked: "events.jsonl")

    /// From the first to the last event of each stage.
    private(set) var spans: [InstanceID: ClosedRange<Timestamp>] = [:]
    /// The first and the last moment.
    private(set) var span: ClosedRange<Timestamp>?
    /// As the lines name it.
    private(set) var runID: String?
    private var lines: [UInt8] = []
    private var seen: Set<[UInt8]> = []

    /// The lines that were read, one each.
    var file: ImportedFile {
        ImportedFile(
            Self.artifactKey, lines, mediaType: "application/jsonl", metadata: ["imported_from": "run-history"])
    }
    var digest: String { Digest(of: lines).hexadecimal }
    var isEmpty: Bool { lines.isEmpty }

    /// Reads a file; lines that can't be read are rejected.
    /// - Parameter run: whose events they are; nil for that of the first line.
    init(_ path: String, of run: String? = nil, into sink: ImportSink) {
        runID = run
        do throws(Refusal) {
            var reader = LineReader(try SourceFile(path))
            while let line = try reader.next() { add(line, path, sink) }
        } catch {
            sink.reject(path, line: nil, error.reason)
        }
        seen = []
    }

    private mutating func add(_ line: LineReader.Line, _ path: String, _ sink: ImportSink) {
        guard let bytes = line.bytes else { return sink.reject(path, line: line.number, "the line is too long") }
        guard !bytes.isBlank, seen.insert(bytes).inserted else { return }
        guard lines.count + bytes.count < SourceFile.maximumRecordSize else {
            return sink.reject(path, line: line.number, "the events of one run are over 64 MiB")
        }
        guard let json = JSONFile.parse(bytes, path, firstLine: line.number, into: sink) else { return }
        do throws(Refusal) {
            try add(try Fields(json), sink.times)
            lines += bytes + [0x0A]
        } catch {
            sink.reject(path, line: line.number, error.reason)
        }
    }

    private mutating func add(_ event: Fields, _ times: SourceTimes) throws(Refusal) {
        let run = try event.required("run_id", event.name)
        guard runID == nil || runID == run else { throw event.refusal("run_id", "is that of another run") }
        _ = try event.required("event", event.text)
        _ = try event.text("msg")
        guard let time = try event.time("timestamp", times) else { throw event.refusal("timestamp", "is missing") }
        if let stage = try event.text("stage"), ForeignID.problem(with: stage) == nil {
            let id = ForeignID.instance(stage)
            spans[id] = spans[id].map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
        }
        span = span.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
        runID = run
    }

    /// A run of which nothing but events was left: it never came to its summary.
    func imported(at place: Place) -> ImportedRun? {
        guard let runID, let span else { return nil }
        let instances = spans.sorted { ($0.value.lowerBound, $0.key) < ($1.value.lowerBound, $1.key) }.map {
            RunSnapshot.Instance($0.key, state: .running, tryNumber: 1, startedAt: $0.value.lowerBound)
        }
        return ImportedRun(
            place: place, id: ForeignID.derive(runID), createdAt: span.lowerBound,
            snapshot: RunSnapshot(
                origin: .imported,
                created: RunCreated(
                    dag: RunHistoryLine.pipeline, trigger: RunCreated.importTrigger, logicalDate: span.lowerBound),
                state: .interrupted, startedAt: span.lowerBound, instances: instances),
            files: [file],
            origin: ImportedRun.Origin(
                format: .runHistory, id: runID, layout: "events", record: [Self.section: .string(digest)]))
    }
}

extension [UInt8] {
    var isBlank: Bool { allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
}
