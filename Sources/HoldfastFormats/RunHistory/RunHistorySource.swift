import Foundation
import Holdfast

/// `runs.jsonl` and `events/pipeline_<run>.jsonl`; or one of these files.
struct RunHistorySource: RecordReader {
    private let runs: String?
    private let events: SourceFolder?
    private let eventFile: String?

    init?(_ folder: SourceFolder) {
        runs = folder.hasFile("runs.jsonl") ? folder.file("runs.jsonl") : nil
        let inside = folder.folder("events")
        events = Self.eventFiles(inside).isEmpty ? nil : inside
        eventFile = nil
        guard runs != nil || events != nil else { return nil }
    }

    init?(file path: String) {
        guard path.hasSuffix(RunHistoryEvents.suffix) else { return nil }
        let isEvents = (path as NSString).lastPathComponent.hasPrefix(RunHistoryEvents.prefix)
        runs = isEvents ? nil : path
        eventFile = isEvents ? path : nil
        events = nil
    }

    private static func eventFiles(_ folder: SourceFolder) -> [String] {
        folder.names(endingIn: RunHistoryEvents.suffix).filter { $0.hasPrefix(RunHistoryEvents.prefix) }
    }

    func read(into sink: ImportSink) async throws(StoreError) {
        var unclaimed = Set(events.map(Self.eventFiles) ?? [])
        if let runs { try await readRuns(runs, &unclaimed, into: sink) }
        let orphans = unclaimed.sorted().compactMap { name in events?.file(name) } + (eventFile.map { [$0] } ?? [])
        for path in orphans {
            let found = RunHistoryEvents(path, into: sink)
            guard let run = found.imported(at: Place(file: path, line: 1)) else { continue }
            try await sink.take(.run(run), size: 1024)
        }
    }

    // MARK: runs.jsonl

    private func readRuns(
        _ path: String, _ unclaimed: inout Set<String>, into sink: ImportSink
    ) async throws(StoreError) {
        let repeated: RepeatedRuns
        var reader: LineReader
        do throws(Refusal) {
            repeated = try RepeatedRuns(in: path, sink.times)
            reader = LineReader(try SourceFile(path, followsLink: true))
        } catch {
            return sink.reject(path, line: nil, error.reason)
        }
        while true {
            let line: LineReader.Line
            do throws(Refusal) {
                guard let next = try reader.next() else { return }
                line = next
            } catch {
                return sink.reject(path, line: nil, error.reason)
            }
            guard let summary = summary(line, path, sink) else { continue }
            if let last = repeated.lastLine(of: summary.id), last != line.number {
                sink.supersede()
                continue
            }
            let name = RunHistoryEvents.prefix + summary.id + RunHistoryEvents.suffix
            var found: RunHistoryEvents?
            if let events, unclaimed.remove(name) != nil {
                found = RunHistoryEvents(events.file(name), of: summary.id, into: sink)
            }
            let run = summary.imported(
                at: Place(file: path, line: line.number), events: found.flatMap { $0.isEmpty ? nil : $0 })
            try await sink.take(.run(run), size: line.bytes?.count ?? 0)
        }
    }

    private func summary(_ line: LineReader.Line, _ path: String, _ sink: ImportSink) -> RunHistoryLine? {
        guard let bytes = line.bytes else {
            sink.reject(path, line: line.number, "the line is too long")
            return nil
        }
        guard !bytes.isBlank, let json = JSONFile.parse(bytes, path, firstLine: line.number, into: sink) else {
            return nil
        }
        do throws(Refusal) {
            return try RunHistoryLine(json, times: sink.times)
        } catch {
            sink.reject(path, line: line.number, error.reason)
            return nil
        }
    }
}
