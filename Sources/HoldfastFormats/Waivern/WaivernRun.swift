import Foundation
import Holdfast

/// A run folder: its metadata, its state, its artifacts.
struct WaivernRun {
    /// The member of the whole document that holds `state.json`.
    static let stateSection = "$state"
    static let filesSection = "$files"
    /// The digests of its cached responses, by their keys.
    static let cacheSection = "$cache"

    let id: String
    private let fields: Fields
    private let times: SourceTimes
    private let layout: String
    private let createdAt: Timestamp
    private var snapshot: RunSnapshot
    private var state: [String: JSONValue]?
    private var files: [ImportedFile] = []
    private var cached: [String: JSONValue] = [:]

    /// - Parameter layout: the name of the file that holds the metadata.
    init(
        metadata: JSONValue, layout: String, times: SourceTimes, fallback: Timestamp
    ) throws(Refusal) {
        fields = try Fields(record: metadata, of: .waivern)
        self.times = times
        self.layout = layout
        id = try fields.required("run_id", fields.name)
        let startedAt = try fields.time("started_at", times)
        let createdAt = startedAt ?? fallback
        self.createdAt = createdAt
        let runbook = try fields.text("runbook_path") ?? ""
        let name = ((runbook as NSString).lastPathComponent as NSString).deletingPathExtension
        let created = RunCreated(
            dag: ForeignID.problem(with: name) == nil ? ForeignID.derive(name) : DAGID(unchecked: "waivern"),
            trigger: RunCreated.importTrigger, logicalDate: createdAt)
        snapshot = RunSnapshot(
            origin: .imported, created: created,
            state: try fields.required("status") { [fields] name throws(Refusal) in
                try fields.state(name, WaivernStates.runs)
            }, startedAt: startedAt, endedAt: try fields.time("completed_at", times))
    }

    // MARK: state.json

    mutating func add(state json: JSONValue) throws(Refusal) {
        let state = try Fields(json)
        var instances: [InstanceID: RunSnapshot.Instance] = [:]
        var sorted = state.members
        for list in WaivernStates.lists {
            let names = try state.texts(list.name) ?? []
            if state.members[list.name]?.arrayValue != nil {
                sorted[list.name] = .array(names.sorted().map { .string($0) })
            }
            for name in names {
                if let problem = ForeignID.problem(with: name) {
                    throw state.refusal(list.name, "has a name that \(problem)")
                }
                let id = ForeignID.instance(name)
                let instance = RunSnapshot.Instance(
                    id, state: list.state, tryNumber: list.state == .success || list.state == .failed ? 1 : 0)
                guard instances.updateValue(instance, forKey: id) == nil else {
                    throw state.refusal(list.name, "has \(quoted(name)), which is listed twice")
                }
            }
        }
        _ = try state.time("last_checkpoint", times)
        self.state = sorted
        snapshot.instances = instances.values.sorted { $0.id < $1.id }
    }

    // MARK: Files

    /// A message of `artifacts`.
    mutating func add(message json: JSONValue, _ bytes: [UInt8], _ names: [String]) throws(Refusal) {
        let message = try Fields(json)
        if let id = try message.text("id"), let problem = WaivernKeys.problem(with: id) {
            throw message.refusal("id", problem)
        }
        var file = try ImportedFile(
            key(names), bytes, mediaType: "application/json",
            metadata: ["path": .string((["artifacts"] + names).joined(separator: "/"))])
        if case .object = message.members["schema"] ?? .null {
            let schema = try Fields(message.members["schema"] ?? .null, at: [.member("schema")])
            let name = try schema.required("name", schema.name)
            file.reference.schema = "\(name)@\(schema.members["version"]?.rawText ?? "")"
        }
        let path = names.joined(separator: "/")
        let candidates = [String(path.dropLast(5)), String((names.last ?? "").dropLast(5))]
        for candidate in candidates {
            let id = ForeignID.instance(candidate)
            guard let index = snapshot.instances.firstIndex(where: { $0.id == id }) else { continue }
            file.reference.task = id.task
            try addExecution(of: message, to: index)
            break
        }
        files.append(file)
    }

    private mutating func addExecution(of message: Fields, to index: Int) throws(Refusal) {
        let endedAt = try message.time("timestamp", times)
        snapshot.instances[index].endedAt = endedAt
        guard case .object = message.members["extensions"] ?? .null else { return }
        let extensions = try Fields(message.members["extensions"] ?? .null, at: [.member("extensions")])
        guard case .object = extensions.members["execution"] ?? .null else { return }
        let execution = try Fields(
            extensions.members["execution"] ?? .null, at: extensions.path + [.member("execution")])
        snapshot.instances[index].error = try execution.text("error")
        if let endedAt, let seconds = try execution.number("duration_seconds"), (0...1e9).contains(seconds) {
            snapshot.instances[index].startedAt = endedAt + .milliseconds(-Int64(seconds * 1000))
        }
    }

    /// A file that has no meaning here beside being kept.
    mutating func add(file bytes: [UInt8], _ folder: String, _ names: [String], original: String) throws(Refusal) {
        files.append(
            try ImportedFile(
                key([folder] + names), bytes, mediaType: "application/json", metadata: ["path": .string(original)]))
    }

    /// An entry of `llm_cache`, which is named by the digest of what was asked.
    mutating func add(response json: JSONValue, name: String) throws(Refusal) -> CacheKey {
        _ = try Fields(json).text("status")
        guard let digest = Digest(hexadecimal: String(name.dropLast(".json".count))) else {
            throw Refusal("its name is no SHA-256")
        }
        cached[digest.hexadecimal] = .string(Digest(of: json.encoded()).hexadecimal)
        return CacheKey(digest: digest)
    }

    private func key(_ names: [String]) throws(Refusal) -> ArtifactKey {
        let folders = names.dropLast().map { ForeignID.derive($0) as TaskID }
        let name = names.last ?? ""
        func joined(_ last: TaskID) -> String { (folders + [last]).map(\.rawValue).joined(separator: "/") }
        // Where one artifact is named as the folder of another, its file's name tells them apart.
        for text in [joined(ForeignID.derive(String(name.dropLast(5)))), joined(ForeignID.derive(name))] {
            guard let key = ArtifactKey(rawValue: text) else {
                throw Refusal("its path is too long for an artifact's key")
            }
            if !files.contains(where: { $0.reference.key == key || $0.reference.key.clashes(with: key) }) { return key }
        }
        throw Refusal("another artifact has its key")
    }

    // MARK: Result

    func imported(at place: Place) -> ImportedRun {
        var document = fields.members
        if let state { document[Self.stateSection] = .object(state) }
        if !files.isEmpty {
            document[Self.filesSection] = .object(
                Dictionary(
                    uniqueKeysWithValues: files.map {
                        ($0.reference.key.rawValue, .string($0.reference.digest.hexadecimal))
                    }))
        }
        if !cached.isEmpty { document[Self.cacheSection] = .object(cached) }
        var snapshot = snapshot
        if snapshot.state == .failed, let failed = snapshot.instances.first(where: { $0.state == .failed }) {
            snapshot.failureReason = "task \(failed.id) failed" + (failed.error.map { ": \($0)" } ?? "")
        }
        return ImportedRun(
            place: place, id: ForeignID.derive(id), createdAt: createdAt, snapshot: snapshot, files: files,
            origin: ImportedRun.Origin(
                format: .waivern, id: id, state: fields.members["status"]?.stringValue, layout: layout,
                record: .object(document)))
    }
}

/// The keys of artifacts, as `waivern` has them.
enum WaivernKeys {
    /// Why a key is refused; nil for one that is not.
    static func problem(with key: String) -> String? {
        if let problem = ForeignID.problem(with: key) { return problem }
        if key.utf8.count > 1024 { return "has \(key.utf8.count) bytes; a key has at most 1024" }
        if key.hasPrefix("/") { return "is an absolute path" }
        if key.split(separator: "/", omittingEmptySubsequences: false).contains("..") {
            return "leads out of its folder"
        }
        return nil
    }
}

extension ForeignRun {
    var waivernDocument: JSONValue {
        var members: [String: JSONValue] = [
            "run_id": .string(fold.id.rawValue), "runbook_path": .string("\(created.dag).yaml"),
            "started_at": json(fold.startedAt), "completed_at": json(fold.endedAt),
            "status": .string(WaivernStates.name(of: fold.state)),
        ]
        var lists: [String: [JSONValue]] = [:]
        for instance in fold.currentInstances {
            lists[WaivernStates.list(of: instance.state), default: []].append(.string(instance.id.description))
        }
        var state: [String: JSONValue] = [
            "run_id": .string(fold.id.rawValue), "last_checkpoint": json(fold.endedAt ?? fold.updatedAt),
        ]
        for list in WaivernStates.lists {
            let names = (lists[list.name] ?? []).compactMap(\.stringValue).sorted()
            state[list.name] = .array(names.map { .string($0) })
        }
        members[WaivernRun.stateSection] = .object(state)
        let files = fold.artifacts.values.filter { $0.key != OriginMetadata.artifactKey }
        if !files.isEmpty {
            members[WaivernRun.filesSection] = .object(
                Dictionary(uniqueKeysWithValues: files.map { ($0.key.rawValue, .string($0.digest.hexadecimal)) }))
        }
        return .object(members)
    }
}
