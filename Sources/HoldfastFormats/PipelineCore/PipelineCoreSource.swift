import Holdfast

/// `<base>/dags.json`, `<base>/runs/<run>.json`, `<base>/xcom/<run>.json`; or one of these files.
struct PipelineCoreSource: RecordReader {
    private enum Part { case folder(SourceFolder), dags(String), run(String) }
    private let part: Part

    init?(_ folder: SourceFolder) {
        let hasRuns = !folder.folder("runs").names(endingIn: ".json").isEmpty
        guard hasRuns || folder.hasFile("dags.json") || !folder.folder("xcom").names(endingIn: ".json").isEmpty else {
            return nil
        }
        part = .folder(folder)
    }

    init?(file path: String) {
        guard path.hasSuffix(".json") else { return nil }
        if path.hasSuffix("/dags.json") || path == "dags.json" {
            part = .dags(path)
        } else if let json = JSONFile.peek(path), json["dagId"] != nil, json["state"] != nil {
            part = .run(path)
        } else {
            return nil
        }
    }

    func read(into sink: ImportSink) async throws(StoreError) {
        switch part {
        case .dags(let path): try await readDAGs(path, into: sink)
        case .run(let path): try await readRun(path, xcoms: nil, into: sink)
        case .folder(let folder): try await read(folder, into: sink)
        }
    }

    private func read(_ folder: SourceFolder, into sink: ImportSink) async throws(StoreError) {
        if folder.hasFile("dags.json") { try await readDAGs(folder.file("dags.json"), into: sink) }
        let (runs, xcoms) = (folder.folder("runs"), folder.folder("xcom"))
        let runNames = runs.names(endingIn: ".json")
        let xcomNames = Set(xcoms.names(endingIn: ".json"))
        for name in runNames {
            let xcomFile = xcomNames.contains(name) ? xcoms.file(name) : nil
            try await readRun(runs.file(name), xcoms: xcomFile, into: sink)
        }
        // Without the runs nothing can be said of what is missing among them.
        guard runs.flaws.reason(of: runs.path) == nil else { return }
        for orphan in xcomNames.subtracting(runNames).sorted() {
            sink.reject(xcoms.file(orphan), line: 1, "there is no run for it: runs/\(orphan.printed) is missing")
        }
    }

    // MARK: Runs

    private func readRun(_ path: String, xcoms: String?, into sink: ImportSink) async throws(StoreError) {
        guard let (file, size) = JSONFile.read(path, into: sink) else { return }
        var reader: PipelineCoreRun
        do throws(Refusal) {
            reader = try PipelineCoreRun(file.json, times: sink.times, fallback: file.modifiedAt)
        } catch {
            return sink.reject(error, in: file)
        }
        var xcomSize = 0
        if let xcoms, let values = JSONFile.read(xcoms, into: sink) {
            for flaw in reader.add(xcoms: values.file.json) { sink.reject(flaw, in: values.file) }
            xcomSize = values.size
        }
        try await sink.take(.run(reader.imported(at: Place(file: path, line: 1))), size: size + xcomSize)
    }

    // MARK: DAGs

    private func readDAGs(_ path: String, into sink: ImportSink) async throws(StoreError) {
        guard let (file, size) = JSONFile.read(path, into: sink) else { return }
        var records: [(JSONValue, [JSONStep])] = []
        switch file.json {
        case .array(let elements):
            records = elements.enumerated().map { ($1, [.element($0)]) }
        case .object(let members) where members["id"]?.stringValue == nil:
            records = members.sorted { $0.key < $1.key }.map { ($1, [.member($0)]) }
        case .object: records = [(file.json, [])]
        case .null: break
        default: sink.reject(path, line: 1, "it holds no DAGs: neither an array nor an object")
        }
        for (json, steps) in records {
            let dag: ImportedDAG
            do throws(Refusal) {
                dag = ImportedDAG(
                    place: Place(file: path, line: file.line(of: steps)),
                    definition: try PipelineCoreDAG.definition(of: json, at: steps), record: json)
            } catch {
                sink.reject(error, in: file)
                continue
            }
            try await sink.take(.dag(dag), size: size / max(records.count, 1))
        }
    }
}
