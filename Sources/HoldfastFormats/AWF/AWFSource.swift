import Foundation
import Holdfast

/// `<storage>/states/<id>.json` and `<storage>/history.db`; or one of these files.
struct AWFSource: RecordReader {
    private let states: [String]
    private let history: String?

    init?(_ folder: SourceFolder) {
        let inside = folder.folder("states")
        // A folder `states` may be named itself.
        let isStates = (folder.path as NSString).lastPathComponent == "states"
        let names = inside.names(endingIn: ".json")
        states =
            names.map(inside.file) + (names.isEmpty && isStates ? folder.names(endingIn: ".json").map(folder.file) : [])
        history = folder.hasFile("history.db") ? folder.file("history.db") : nil
        guard !states.isEmpty || history != nil else { return nil }
    }

    init?(file path: String) {
        if path.hasSuffix(".json"), let json = JSONFile.peek(path),
            json["WorkflowID"] != nil || json["workflow_id"] != nil
        {
            states = [path]
            history = nil
        } else if (path as NSString).lastPathComponent.hasSuffix(".db") {
            states = []
            history = path
        } else {
            return nil
        }
    }

    func read(into sink: ImportSink) async throws(StoreError) {
        let history = openHistory(sink)
        var known: Set<String> = []
        for path in states {
            guard let (file, size) = JSONFile.read(path, into: sink) else { continue }
            let name = String((path as NSString).lastPathComponent.dropLast(".json".count))
            let run: ImportedRun
            do throws(Refusal) {
                let state = try AWFState(file.json, name: name, times: sink.times, fallback: file.modifiedAt)
                var rows: [AWFExecution] = []
                for entry in try history?.entries(ofWorkflow: state.id) ?? [] { rows.append(try entry.row.get()) }
                if !rows.isEmpty { known.insert(state.id) }
                run = state.imported(at: Place(file: path, line: 1), rows: rows)
            } catch {
                sink.reject(error, in: file)
                continue
            }
            try await sink.take(.run(run), size: size)
        }
        if let history { try await read(history, without: known, into: sink) }
    }

    // MARK: history.db

    private func openHistory(_ sink: ImportSink) -> AWFHistory? {
        guard let history else { return nil }
        do throws(Refusal) {
            let opened = try AWFHistory(history)
            try opened.prepare()
            return opened
        } catch {
            sink.reject(history, line: nil, error.reason)
            return nil
        }
    }

    private func read(
        _ history: AWFHistory, without known: Set<String>, into sink: ImportSink
    ) async throws(StoreError) {
        let path = self.history ?? ""
        var last = Int64.min
        while true {
            let entries: [AWFHistory.Entry]
            do throws(Refusal) {
                entries = try history.entries(after: last)
            } catch {
                return sink.reject(path, line: nil, error.reason)
            }
            guard let end = entries.last?.rowID else { return }
            last = end
            for entry in entries {
                let run: ImportedRun
                do throws(Refusal) {
                    let row = try entry.row.get()
                    if let workflow = row.members["workflow_id"]?.stringValue, known.contains(workflow) { continue }
                    run = try row.imported(at: Place(file: path), isFirst: entry.isFirst)
                } catch {
                    sink.reject(path, line: nil, "row \(entry.rowID): \(error.reason)")
                    continue
                }
                try await sink.take(.run(run), size: 512)
            }
        }
    }
}
