import Foundation
import Holdfast

/// The layouts that followed each other, newest first: what moved on is read where it moved to.
///
/// - `repos/<workspace|_default>/processes/{index.json,<id>.json}`, with `processes/pruned/YYYY-MM/<id>.json`
/// - `processes/<workspace>/{index.json,<id>.json}`, with `processes/_id-map.json`
/// - `processes/index.json` and `processes/<id>.json`
/// - `processes.json`, an array of `{workspaceId, process}`
///
/// `workspaces.json` stands beside each.
struct ProcessStoreSource: RecordReader {
    private enum Part: Sendable {
        case workspaces(String)
        case array(String)
        case file(String)
        /// Files of processes in a folder, and where they belong when they don't say it.
        case folder(SourceFolder, workspace: String?, layout: String)
    }

    private let parts: [Part]

    init?(_ folder: SourceFolder) {
        var parts: [Part] = []
        if folder.hasFile("workspaces.json") { parts.append(.workspaces(folder.file("workspaces.json"))) }
        for repo in folder.folder("repos").folders {
            parts += Self.parts(of: repo.folder("processes"), workspace: repo.name, layout: "repos")
        }
        let processes = folder.folder("processes")
        for workspace in processes.folders {
            parts += Self.parts(of: workspace, workspace: workspace.name, layout: "workspace-folders")
        }
        if Self.hasProcesses(processes) { parts.append(.folder(processes, workspace: nil, layout: "files")) }
        if folder.hasFile("processes.json") { parts.append(.array(folder.file("processes.json"))) }
        guard !parts.isEmpty else { return nil }
        self.parts = parts
    }

    init?(file path: String) {
        switch (path as NSString).lastPathComponent {
        case "processes.json": parts = [.array(path)]
        case "workspaces.json": parts = [.workspaces(path)]
        default:
            guard path.hasSuffix(".json"), let json = JSONFile.peek(path) else { return nil }
            let process = json["process"] ?? json
            guard process["id"] != nil, process["status"] != nil, process["startTime"] != nil else { return nil }
            parts = [.file(path)]
        }
    }

    private static func parts(of folder: SourceFolder, workspace name: String, layout: String) -> [Part] {
        let workspace = name == "_default" ? nil : name
        var parts: [Part] = []
        if hasProcesses(folder) { parts.append(.folder(folder, workspace: workspace, layout: layout)) }
        for month in folder.folder("pruned").folders {
            parts.append(.folder(month, workspace: workspace, layout: "pruned"))
        }
        return parts
    }

    private static func hasProcesses(_ folder: SourceFolder) -> Bool {
        !folder.names(endingIn: ".json").isEmpty
    }

    func read(into sink: ImportSink) async throws(StoreError) {
        let names = workspacesByFolder
        for part in parts {
            switch part {
            case .workspaces(let path): try await readWorkspaces(path, into: sink)
            case .array(let path): try await readArray(path, into: sink)
            case .file(let path):
                _ = try await readFile(path, workspace: nil, layout: "files", into: sink)
            case .folder(let folder, let workspace, let layout):
                try await readFolder(folder, workspace.map { names[$0] ?? $0 }, layout, into: sink)
            }
        }
    }

    /// The workspaces by the names of their folders, which are made like those of files; without names that two would have.
    private var workspacesByFolder: [String: String] {
        var names: [String: String] = [:]
        var shared: Set<String> = []
        for case .workspaces(let path) in parts {
            let json = JSONFile.peek(path)
            for workspace in (json?["workspaces"] ?? json)?.arrayValue ?? [] {
                guard let id = workspace["id"]?.stringValue else { continue }
                let known = names.updateValue(id, forKey: Self.plainName(of: id))
                if let known, known != id { shared.insert(Self.plainName(of: id)) }
            }
        }
        return names.filter { !shared.contains($0.key) }
    }

    // MARK: Workspaces

    private func readWorkspaces(_ path: String, into sink: ImportSink) async throws(StoreError) {
        guard let (file, size) = JSONFile.read(path, into: sink), !file.json.isNull else { return }
        let isWrapped = file.json["workspaces"] != nil
        guard let elements = (file.json["workspaces"] ?? file.json).arrayValue else {
            return sink.reject(path, line: 1, "it holds no array of workspaces")
        }
        for (index, json) in elements.enumerated() {
            let steps: [JSONStep] = (isWrapped ? [.member("workspaces")] : []) + [.element(index)]
            let imported: ImportedWorkspace
            do throws(Refusal) {
                imported = ImportedWorkspace(
                    place: Place(file: path, line: file.line(of: steps)),
                    workspace: try ProcessStoreWorkspace.workspace(of: json, at: steps), record: json)
            } catch {
                sink.reject(error, in: file)
                continue
            }
            try await sink.take(.workspace(imported), size: size / elements.count)
        }
    }

    // MARK: processes.json

    private func readArray(_ path: String, into sink: ImportSink) async throws(StoreError) {
        var reader: ElementReader
        do throws(Refusal) {
            reader = try ElementReader(try SourceFile(path, followsLink: true))
        } catch {
            return sink.reject(path, line: nil, error.reason)
        }
        while true {
            let element: ElementReader.Element
            do throws(Refusal) {
                guard let next = try reader.next() else { return }
                element = next
            } catch {
                return sink.reject(path, line: nil, error.reason)
            }
            guard let process = process(element, path, sink) else { continue }
            try await sink.take(.process(process), size: element.bytes?.count ?? 0)
        }
    }

    private func process(_ element: ElementReader.Element, _ path: String, _ sink: ImportSink) -> ImportedProcess? {
        guard let bytes = element.bytes else {
            sink.reject(path, line: element.line, "the record is over 64 MiB")
            return nil
        }
        guard !(element.isCutOff && bytes.isBlank) else {
            sink.reject(path, line: element.line, "the file is cut off: its array does not end")
            return nil
        }
        guard let json = JSONFile.parse(bytes, path, firstLine: element.line, into: sink) else { return nil }
        do throws(Refusal) {
            return try Self.read(json, folder: nil, sink.times).imported(
                at: Place(file: path, line: element.line), layout: "array")
        } catch {
            let line = element.line - 1 + JSONLocator.line(of: error.path, in: bytes)
            sink.reject(path, line: line, error.reason)
            return nil
        }
    }

    /// A process, bare or together with its workspace.
    private static func read(
        _ json: JSONValue, folder: String?, _ times: SourceTimes
    ) throws(Refusal) -> ProcessStoreRecord {
        guard let process = json["process"] else {
            return try ProcessStoreRecord(json, folder: folder, times: times)
        }
        let fields = try Fields(json)
        return try ProcessStoreRecord(
            process, workspace: try fields.name("workspaceId"), folder: folder,
            beside: fields.members.filter { $0.key != "process" && $0.key != "workspaceId" }, times: times,
            at: [.member("process")])
    }

    // MARK: Folders

    private func readFolder(
        _ folder: SourceFolder, _ workspace: String?, _ layout: String, into sink: ImportSink
    ) async throws(StoreError) {
        var unseen: [String: Int] = [:]
        if folder.hasFile("index.json") { unseen = index(folder.file("index.json"), sink) }
        let listed = Dictionary(grouping: unseen.keys, by: Self.fileName)
        let names = folder.names(endingIn: ".json").filter { $0 != "index.json" && !$0.hasPrefix("_") }
        for name in names {
            if let id = try await readFile(folder.file(name), workspace: workspace, layout: layout, into: sink) {
                unseen[id] = nil
            } else {
                // Why it could not be read is told.
                for id in listed[name] ?? [] { unseen[id] = nil }
            }
        }
        let present = Set(names)
        for (id, line) in unseen {
            let name = Self.fileName(of: id)
            let fate = present.contains(name) ? "holds another" : "is missing"
            sink.reject(
                folder.file("index.json"), line: line,
                "the process \(quoted(id)) is listed, but its file \(name.printed) \(fate)")
        }
    }

    /// - Returns: the process's id.
    private func readFile(
        _ path: String, workspace: String?, layout: String, into sink: ImportSink
    ) async throws(StoreError) -> String? {
        guard let (file, size) = JSONFile.read(path, into: sink) else { return nil }
        let record: ProcessStoreRecord
        do throws(Refusal) {
            record = try Self.read(file.json, folder: workspace, sink.times)
        } catch {
            sink.reject(error, in: file)
            return nil
        }
        try await sink.take(.process(record.imported(at: Place(file: path, line: 1), layout: layout)), size: size)
        return record.id
    }

    /// The ids that an index lists, with their lines: its entries are ids, or objects that have one.
    private func index(_ path: String, _ sink: ImportSink) -> [String: Int] {
        guard let (file, _) = JSONFile.read(path, into: sink) else { return [:] }
        let (list, steps) = Self.entries(of: file.json)
        guard let list else {
            sink.reject(path, line: 1, "it is no index of processes")
            return [:]
        }
        var lines: [String: Int] = [:]
        for (step, entry) in list {
            let id = entry.stringValue ?? entry["id"]?.stringValue ?? entry["process"]?["id"]?.stringValue
            guard let id else {
                sink.reject(path, line: file.line(of: steps + [step]), "an entry of the index has no id")
                continue
            }
            lines[id] = file.line(of: steps + [step])
        }
        return lines
    }

    private static func entries(of json: JSONValue) -> ([(JSONStep, JSONValue)]?, [JSONStep]) {
        for name in ["entries", "processes"] {
            if let inner = json[name] {
                let (list, steps) = entries(of: inner)
                return (list, [.member(name)] + steps)
            }
        }
        switch json {
        case .array(let elements): return (elements.enumerated().map { (.element($0), $1) }, [])
        case .object(let members):
            let named = members.filter { $0.value.objectValue != nil }.sorted { $0.key < $1.key }
            return (
                named.map { name, entry in (.member(name), entry["id"] == nil ? .string(name) : entry) }, []
            )
        default: return (nil, [])
        }
    }

    /// How these systems name the file of a process.
    private static func fileName(of id: String) -> String { plainName(of: id) + ".json" }

    private static func plainName(of id: String) -> String {
        var name = ""
        for scalar in id.unicodeScalars {
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
            // One for each UTF-16 unit, as their pattern sees the text.
            if isPlain || scalar == "-" || scalar == "_" {
                name.unicodeScalars.append(scalar)
            } else {
                name += String(repeating: "_", count: UTF16.width(scalar))
            }
        }
        return name
    }
}
