import Holdfast

/// `<base>/runs/<run>/`, each with `_system`, `artifacts`, `batch_jobs`, `prepared` and `llm_cache`; or one such folder.
struct WaivernSource: RecordReader {
    private let runs: [SourceFolder]

    init?(_ folder: SourceFolder) {
        if folder.hasFolder("_system") {
            runs = [folder]
            return
        }
        let folders = folder.folder("runs").folders
        // One run with its system files makes the others runs that lost theirs.
        guard folders.contains(where: { $0.hasFolder("_system") }) else { return nil }
        runs = folders
    }

    func read(into sink: ImportSink) async throws(StoreError) {
        for folder in runs { try await read(folder, into: sink) }
    }

    private func read(_ folder: SourceFolder, into sink: ImportSink) async throws(StoreError) {
        let system = folder.folder("_system")
        guard let layout = Self.layouts.first(where: system.hasFile) else {
            return sink.reject(folder.path, line: nil, "it is no run: _system/metadata.json is missing")
        }
        rejectStrangers(in: folder, layout, sink)
        guard let (file, size) = JSONFile.read(system.file(layout), into: sink) else { return }
        var run: WaivernRun
        do throws(Refusal) {
            run = try WaivernRun(metadata: file.json, layout: layout, times: sink.times, fallback: file.modifiedAt)
        } catch {
            return sink.reject(error, in: file)
        }
        if system.hasFile("state.json") {
            add(system.file("state.json"), sink) { file throws(Refusal) in try run.add(state: file.json) }
        }
        addArtifacts(of: folder, to: &run, sink)
        if system.hasFile("plan.json") {
            add(system.file("plan.json"), sink) { file throws(Refusal) in
                try run.add(file: file.bytes, "system", ["plan.json"], original: "_system/plan.json")
            }
        }
        for kind in Self.documentFolders {
            for name in folder.folder(kind).names(endingIn: ".json") {
                add(folder.folder(kind).file(name), sink) { file throws(Refusal) in
                    try run.add(file: file.bytes, kind, [name], original: "\(kind)/\(name)")
                }
            }
        }
        let responses = folder.folder(Self.responseFolder)
        for name in responses.names(endingIn: ".json") {
            guard let (response, size) = JSONFile.read(responses.file(name), into: sink) else { continue }
            let key: CacheKey
            do throws(Refusal) {
                key = try run.add(response: response.json, name: name)
            } catch {
                sink.reject(error, in: response)
                continue
            }
            let place = Place(file: response.path, line: 1)
            try await sink.take(
                .cached(ImportedResponse(place: place, key: key, value: response.json)), size: size)
        }
        let imported = run.imported(at: Place(file: file.path, line: 1))
        let bytes = imported.files.reduce(Int64(size)) { $0 + $1.reference.size }
        try await sink.take(.run(imported), size: Int(bytes))
    }

    /// Newest first.
    private static let layouts = ["metadata.json", "run.json"]
    private static let documentFolders = ["batch_jobs", "prepared"]
    private static let responseFolder = "llm_cache"

    /// Tells of what stands where the format has nothing: it is not brought along.
    private func rejectStrangers(in folder: SourceFolder, _ layout: String, _ sink: ImportSink) {
        let flat = Self.documentFolders + [Self.responseFolder]
        let places = ["_system", "artifacts"] + flat
        var strangers = folder.names.filter { !places.contains($0) }.map(folder.file)
        let system = folder.folder("_system")
        strangers += system.names.filter { ![layout, "state.json", "plan.json"].contains($0) }.map(system.file)
        for folder in flat.map(folder.folder) {
            strangers += folder.names.filter { !$0.hasSuffix(".json") }.map(folder.file)
        }
        for stranger in strangers { sink.reject(stranger, line: nil, "it is in no place of the format") }
    }

    private func addArtifacts(of folder: SourceFolder, to run: inout WaivernRun, _ sink: ImportSink) {
        let artifacts = folder.folder("artifacts")
        for names in artifacts.filesBelow {
            let path = artifacts.file(names.joined(separator: "/"))
            guard names.last?.hasSuffix(".json") == true else {
                sink.reject(path, line: nil, "it is no message: their files end in .json")
                continue
            }
            add(path, sink) { file throws(Refusal) in try run.add(message: file.json, file.bytes, names) }
        }
    }

    /// Reads a file and takes it, or says why not.
    private func add(_ path: String, _ sink: ImportSink, _ take: (JSONFile) throws(Refusal) -> Void) {
        guard let (file, _) = JSONFile.read(path, into: sink) else { return }
        do throws(Refusal) {
            try take(file)
        } catch {
            sink.reject(error, in: file)
        }
    }
}
