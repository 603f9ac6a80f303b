import Holdfast

/// A DAGRun record and the XComs beside it.
struct PipelineCoreRun {
    /// The member of the whole document that holds the XComs: task → key → entry.
    static let xcomSection = "$xcom"

    private let record: [String: JSONValue]
    private let id: String
    private let createdAt: Timestamp
    private let times: SourceTimes
    private var snapshot: RunSnapshot
    private var entries: [String: [String: JSONValue]] = [:]
    /// What task instances hold themselves; the file beside the run goes before.
    private var ownXComs: [RunSnapshot.XCom] = []

    /// - Parameter fallback: when it was created, for a record without any time.
    init(_ json: JSONValue, times: SourceTimes, fallback: Timestamp) throws(Refusal) {
        let fields = try Fields(record: json, of: .pipelineCore)
        self.times = times
        record = fields.members
        id = try fields.required("id", fields.name)
        let dag = try fields.required("dagId", fields.name)
        let state = try fields.required("state") { name throws(Refusal) in
            try fields.state(name, PipelineCoreStates.runs)
        }
        let executionDate = try fields.time("executionDate", times)
        let startedAt = try fields.time("startDate", times)
        createdAt = startedAt ?? executionDate ?? fallback
        let created = RunCreated(
            dag: ForeignID.derive(dag), params: try fields.object("conf") ?? [:], trigger: RunCreated.importTrigger,
            logicalDate: executionDate ?? createdAt)
        snapshot = RunSnapshot(
            origin: .imported, created: created, state: state, startedAt: startedAt,
            endedAt: try fields.time("endDate", times))
        for task in try fields.objects("taskInstances") { try add(task) }
        snapshot.retryCount = snapshot.retriesOfInstances
        // A run that was not started has no tasks at work.
        if state == .queued, snapshot.instances.contains(where: { !$0.state.isTerminal && $0.state != .pending }) {
            snapshot.state = .interrupted
        }
    }

    private mutating func add(_ task: Fields) throws(Refusal) {
        let name = try task.required("taskId", task.name)
        let id = ForeignID.instance(name)
        guard !snapshot.instances.contains(where: { $0.id == id }) else {
            throw task.refusal("taskId", "is \(quoted(name)), which the run has already")
        }
        let instance = RunSnapshot.Instance(
            id,
            state: try task.required("state") { name throws(Refusal) in
                try task.state(name, PipelineCoreStates.tasks)
            }, tryNumber: try task.count("tryNumber") ?? 0, maxTries: try task.count("maxTries"),
            startedAt: try task.time("startDate", times), endedAt: try task.time("endDate", times))
        snapshot.instances.append(instance)
        addXComs(of: task.members["xcom"] ?? .null, name, instance)
    }

    /// What a task instance holds itself: values by key, or entries as the file beside the run has them.
    private mutating func addXComs(of json: JSONValue, _ task: String, _ instance: RunSnapshot.Instance) {
        let time = instance.endedAt ?? instance.startedAt ?? createdAt
        func keep(_ key: String, _ value: JSONValue, _ createdAt: Timestamp?) {
            ownXComs.append(
                RunSnapshot.XCom(instance: instance.id, key: key, value: value, createdAt: createdAt ?? time))
        }
        for (key, value) in (json.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
            let entry = entry(value, of: task)
            if let entry, entry.key == key { keep(key, entry.value, entry.createdAt) } else { keep(key, value, nil) }
        }
        for element in json.arrayValue ?? [] {
            if let entry = entry(element, of: task) { keep(entry.key, entry.value, entry.createdAt) }
        }
    }

    /// Nil for what is no entry of that task.
    private func entry(
        _ json: JSONValue, of task: String
    ) -> (key: String, value: JSONValue, createdAt: Timestamp?)? {
        guard json["taskId"]?.stringValue == task, let value = json["value"] else { return nil }
        let key = json["key"] ?? .null
        guard let key = key.isNull ? XComsView.defaultKey : key.stringValue else { return nil }
        guard case .moment(let time)? = json["timestamp"]?.stringValue.map(times.read) else { return (key, value, nil) }
        return (key, value, time)
    }

    // MARK: XComs

    /// Adds the entries of the file beside it: an array of them, or objects that hold some.
    /// - Returns: what is wrong with those that were left out.
    mutating func add(xcoms json: JSONValue) -> [Refusal] {
        var flaws: [Refusal] = []
        add(json, at: [], &flaws)
        return flaws
    }

    private mutating func add(_ json: JSONValue, at path: [JSONStep], _ flaws: inout [Refusal]) {
        switch json {
        case .array(let elements) where path.count < 4:
            for (index, element) in elements.enumerated() { add(element, at: path + [.element(index)], &flaws) }
        case .object(let members) where members["taskId"] == nil && members["key"] == nil && path.count < 4:
            if members.isEmpty, !path.isEmpty { flaws.append(Refusal("\(path.text) is no XCom entry", at: path)) }
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                add(member, at: path + [.member(name)], &flaws)
            }
        case .null where path.isEmpty: break
        default:
            do throws(Refusal) {
                try add(entry: try Fields(json, at: path))
            } catch {
                flaws.append(error)
            }
        }
    }

    private mutating func add(entry: Fields) throws(Refusal) {
        let task = try entry.required("taskId", entry.name)
        let key = try entry.name("key") ?? XComsView.defaultKey
        guard key.utf8.count <= XComsView.maximumKeySize else {
            throw entry.refusal("key", "has more than \(XComsView.maximumKeySize) bytes")
        }
        guard entries[task]?[key] == nil else {
            throw Refusal("\(quoted(task)) has the XCom \(quoted(key)) twice", at: entry.path)
        }
        let value = entry.members["value"] ?? .null
        guard value.encoded().count <= XCom.maximumSize else {
            throw entry.refusal("value", "is over 1 MiB")
        }
        _ = try entry.count("sizeBytes", in: 0...Int64.max)
        let createdAt = try entry.time("timestamp", times) ?? createdAt
        entries[task, default: [:]][key] = .object(entry.members)
        snapshot.xcoms.append(
            RunSnapshot.XCom(
                instance: ForeignID.instance(task), key: key, value: value, createdAt: createdAt))
    }

    // MARK: Result

    func imported(at place: Place) -> ImportedRun {
        var document = record
        var snapshot = snapshot
        for xcom in ownXComs where XComsView.accepts(xcom.key, xcom.value) {
            let isKnown = snapshot.xcoms.contains { $0.instance == xcom.instance && $0.key == xcom.key }
            if !isKnown { snapshot.xcoms.append(xcom) }
        }
        if !entries.isEmpty { document[Self.xcomSection] = .object(entries.mapValues { .object($0) }) }
        return ImportedRun(
            place: place, id: ForeignID.derive(id), createdAt: createdAt, snapshot: snapshot,
            origin: ImportedRun.Origin(
                format: .pipelineCore, id: id, state: record["state"]?.stringValue, record: .object(document)))
    }
}

extension RunSnapshot {
    /// How often a try ended in a further one.
    var retriesOfInstances: Int {
        instances.reduce(0) { $0 + max(0, $1.tryNumber - ($1.state == .upForRetry ? 0 : 1)) }
    }
}

extension XComsView {
    /// Whether a value may be an XCom under this key; what may not stays with what remains of the record.
    fileprivate static func accepts(_ key: String, _ value: JSONValue) -> Bool {
        ForeignID.problem(with: key) == nil && key.utf8.count <= maximumKeySize
            && value.encoded().count <= XCom.maximumSize
    }
}

extension ForeignRun {
    var pipelineCoreDocument: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(fold.id.rawValue), "dagId": .string(created.dag.rawValue),
            "executionDate": json(created.logicalDate),
            "state": .string(PipelineCoreStates.name(of: fold.state)), "conf": .object(fold.params),
            "taskInstances": .array(fold.currentInstances.map(pipelineCoreTask)),
        ]
        if let startedAt = fold.startedAt { members["startDate"] = json(startedAt) }
        if let endedAt = fold.endedAt { members["endDate"] = json(endedAt) }
        if !xcoms.isEmpty { members[PipelineCoreRun.xcomSection] = pipelineCoreXComs }
        return .object(members)
    }

    private func pipelineCoreTask(_ instance: TaskInstance) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .string("\(fold.id)_\(instance.id)"), "dagId": .string(created.dag.rawValue),
            "taskId": .string(instance.id.description), "runId": .string(fold.id.rawValue),
            "state": .string(PipelineCoreStates.name(of: instance.state)), "tryNumber": .int(Int64(instance.tryNumber)),
            "maxTries": .int(Int64(instance.maxTries)),
        ]
        if let startedAt = instance.startedAt { members["startDate"] = json(startedAt) }
        if let endedAt = instance.endedAt { members["endDate"] = json(endedAt) }
        return .object(members)
    }

    private var pipelineCoreXComs: JSONValue {
        var entries: [String: [String: JSONValue]] = [:]
        for xcom in xcoms {
            let task = xcom.instance.description
            entries[task, default: [:]][xcom.key] = [
                "taskId": .string(task), "key": .string(xcom.key), "value": xcom.value,
                "timestamp": json(xcom.createdAt), "sizeBytes": .int(Int64(xcom.value.encoded().count)),
            ]
        }
        return .object(entries.mapValues { .object($0) })
    }
}
