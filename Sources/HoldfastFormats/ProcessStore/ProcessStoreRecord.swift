import Holdfast

/// An AI process, as `process-store` has it.
struct ProcessStoreRecord {
    /// The member of the whole document that holds the workspace's id.
    static let workspaceSection = "$workspaceId"
    /// The member of the whole document that holds what else stands beside the process.
    static let entrySection = "$entry"

    /// What a process that was left at work has become since: whoever ran it is gone.
    static let statuses: [String: ProcessStatus] = [
        "queued": .queued, "running": .failed, "cancelling": .cancelled, "completed": .completed, "failed": .failed,
        "cancelled": .cancelled,
    ]

    /// Fields by their names there.
    static let fieldNames: [(name: String, field: ProcessField)] = [
        ("promptPreview", .promptPreview), ("fullPrompt", .fullPrompt), ("result", .result),
        ("resultFilePath", .resultFilePath), ("rawStdoutFilePath", .rawStdoutFilePath), ("metadata", .metadata),
        ("groupMetadata", .groupMetadata), ("structuredResult", .structuredResult), ("sdkSessionId", .sdkSessionID),
        ("backend", .backend), ("workingDirectory", .workingDirectory), ("title", .title),
        ("customTitle", .customTitle),
    ]

    let id: String
    private let fields: Fields
    private let workspace: String?
    private let beside: [String: JSONValue]
    private var record: ProcessRecord

    /// - Parameters:
    ///   - workspace: what stands beside the process; else what its metadata say counts.
    ///   - folder: the workspace whose folder it is in, for one that says nothing itself.
    ///   - beside: further members that stand there.
    init(
        _ json: JSONValue, workspace: String? = nil, folder: String?, beside: [String: JSONValue] = [:],
        times: SourceTimes, at path: [JSONStep] = []
    ) throws(Refusal) {
        let fields = try Fields(record: json, of: .processStore, at: path)
        self.beside = beside
        self.fields = fields
        id = try fields.required("id", fields.name)
        let metadata = try fields.object("metadata") ?? [:]
        let tagged = metadata["workspaceId"]?.stringValue.flatMap { ForeignID.problem(with: $0) == nil ? $0 : nil }
        self.workspace = workspace ?? tagged ?? folder
        let endTime = try fields.time("endTime", times)
        guard let startTime = try fields.time("startTime", times) ?? endTime else {
            throw fields.refusal("startTime", "is missing")
        }
        record = ProcessRecord(
            id: ForeignID.derive(id), workspace: self.workspace.map { ForeignID.derive($0) },
            status: try fields.required("status") { name throws(Refusal) in try fields.state(name, Self.statuses) },
            startTime: startTime, endTime: endTime, error: try fields.text("error"))
        if let type = try fields.name("type") { record.type = ForeignID.derive(type) }
        if let parent = try fields.text("parentProcessId"), ForeignID.problem(with: parent) == nil {
            record.parent = ForeignID.derive(parent)
        }
        record.fields = try Self.values(fields, metadata)
        for turn in try fields.objects("conversationTurns") {
            record.conversationTurns.append(ConversationTurn(members: turn.members))
        }
    }

    private static func values(
        _ fields: Fields, _ metadata: [String: JSONValue]
    ) throws(Refusal) -> ProcessFields {
        var values: [ProcessField: JSONValue] = [:]
        for (name, field) in fieldNames {
            switch field {
            case .metadata: values[field] = .object(metadata.filter { $0.key != OriginMetadata.name })
            case .groupMetadata: values[field] = try fields.object(name).map { .object($0) }
            case .structuredResult: values[field] = fields.members[name]
            default: values[field] = try fields.text(name).map { .string($0) }
            }
        }
        if values[.metadata] == [:] { values[.metadata] = nil }
        return ProcessFields(values)
    }

    func imported(at place: Place, layout: String) -> ImportedProcess {
        var document = fields.members
        document[Self.workspaceSection] = workspace.map { .string($0) }
        if !beside.isEmpty { document[Self.entrySection] = .object(beside) }
        return ImportedProcess(
            place: place, record: record,
            origin: ImportedRun.Origin(
                format: .processStore, id: id, state: fields.members["status"]?.stringValue, layout: layout,
                record: .object(document)))
    }

    // MARK: Written

    /// A process in that form.
    static func document(of record: ProcessRecord) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(record.id.rawValue), "type": .string(record.type.rawValue),
            "status": .string(record.status.rawValue), "startTime": json(record.startTime),
        ]
        if let endTime = record.endTime { members["endTime"] = json(endTime) }
        if let error = record.error { members["error"] = .string(error) }
        if let parent = record.parent { members["parentProcessId"] = .string(parent.rawValue) }
        if let workspace = record.workspace { members[workspaceSection] = .string(workspace.rawValue) }
        for (name, field) in fieldNames { members[name] = record.fields[field] }
        if case .object(let metadata)? = members["metadata"] {
            let own = metadata.filter { $0.key != OriginMetadata.name }
            members["metadata"] = own.isEmpty ? nil : .object(own)
        }
        if !record.conversationTurns.isEmpty {
            members["conversationTurns"] = .array(record.conversationTurns.map { .object($0.members) })
        }
        return .object(members)
    }
}

/// A workspace, as `process-store` has it.
enum ProcessStoreWorkspace {
    static func workspace(of json: JSONValue, at path: [JSONStep]) throws(Refusal) -> Workspace {
        let fields = try Fields(json, at: path)
        let id = try fields.required("id", fields.name)
        let root = try fields.required("rootPath", fields.text)
        guard !root.isEmpty else { throw fields.refusal("rootPath", "is empty") }
        let name = try fields.text("name") ?? id
        return Workspace(
            id: ForeignID.derive(id), name: name.isEmpty ? id : name, rootPath: root, color: try fields.text("color"))
    }

    static func document(of workspace: Workspace) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(workspace.id.rawValue), "name": .string(workspace.name),
            "rootPath": .string(workspace.rootPath),
        ]
        members["color"] = workspace.color.map { .string($0) }
        return .object(members)
    }
}
