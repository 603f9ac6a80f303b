/// The JSON values that tasks leave for later ones: (run, task, map index, key) → value.
public struct XComsView: Sendable {
    /// The key of what a task returns.
    public static let defaultKey = "return_value"
    /// Bytes of a key.
    public static let maximumKeySize = 256

    let views: Views
    var store: any Store { views.store }

    init(_ views: Views) { self.views = views }
}

// MARK: - Writing

extension XComsView {
    /// Leaves a value, in place of an earlier one.
    /// - Parameter key: 1 to 256 bytes without control characters.
    /// - Throws: `invalid` for a key that breaks that rule, `tooLarge` over 1 MiB, `illegalTransition` for a task that the run's
    ///   DAG does not have, `leaseHeld` while another worker holds the run, `notFound`.
    public func set(
        _ run: RunID, _ instance: InstanceID, key: String = XComsView.defaultKey, to value: JSONValue
    ) async throws(StoreError) {
        try Self.check(key)
        try Self.check(value, of: instance, key: key)
        try await RunWriter.write(run, views) { _ in [.xcomSet(instance: instance, key: key, value: value)] }
    }

    /// Removes a value.
    /// - Returns: whether there was one.
    /// - Throws: `leaseHeld` while another worker holds the run, `notFound` for an unknown run.
    @discardableResult
    public func delete(
        _ run: RunID, _ instance: InstanceID, key: String = XComsView.defaultKey
    ) async throws(StoreError) -> Bool {
        var isThere = false
        try await RunWriter.write(run, views) { fold throws(StoreError) in
            isThere = fold.instance(instance)?.xcoms[key] != nil
            return isThere ? [.xcomDeleted(instance: instance, key: key)] : []
        }
        return isThere
    }

    static func check(_ key: String) throws(StoreError) {
        guard (1...maximumKeySize).contains(key.utf8.count), !key.unicodeScalars.contains(where: \.isControl) else {
            throw StoreError(
                .invalid, subject: "XCom key \(quoted(key))", detail: "use 1 to 256 bytes without control characters")
        }
    }

    static func check(_ value: JSONValue, of instance: InstanceID, key: String) throws(StoreError) {
        guard value.encoded().count > XCom.maximumSize else { return }
        throw StoreError(
            .tooLarge, subject: "XCom \(instance).\(key)", detail: "at most 1 MiB; save an artifact instead")
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool { properties.generalCategory == .control }
}

// MARK: - Reading

extension XComsView {
    /// A value; that of a mapped task, when no map index is given, is the array of what its instances left, in index order.
    ///
    /// Reads only the task's own checkpoints where they tell.
    /// - Throws: `notFound`, with a similar name if there is one.
    public func get(
        _ run: RunID, _ task: TaskID, mapIndex: Int? = nil, key: String = XComsView.defaultKey
    ) async throws(StoreError) -> JSONValue {
        let entries = try await list(run, task: task).filter { $0.key == key }
        let mapped = entries.filter { $0.instance.mapIndex != nil }
        if let mapIndex {
            guard let entry = mapped.first(where: { $0.instance.mapIndex == mapIndex }) else {
                throw try await absence(of: key, InstanceID(task, mapIndex: mapIndex), in: try await store.fold(run))
            }
            return try await value(of: entry)
        }
        if !mapped.isEmpty {
            var values: [JSONValue] = []
            for entry in mapped { values.append(try await value(of: entry)) }
            return .array(values)
        }
        if let entry = entries.first { return try await value(of: entry) }
        let fold = try await store.fold(run)
        if fold.node(task)?.items != nil { return [] }
        throw try await absence(of: key, InstanceID(task), in: fold)
    }

    /// The values of a run, or of one of its tasks, by instance and key; those over 1 KiB are nil unless they are asked for.
    /// - Throws: `notFound` for an unknown run.
    public func list(
        _ run: RunID, task: TaskID? = nil, readingLargeValues: Bool = false
    ) async throws(StoreError) -> [XComEntry] {
        var entries: [XComEntry]
        if let task, let checkpoints = try await checkpoints(of: task, run) {
            entries = checkpoints
        } else {
            entries = try await store.fold(run).xcomEntries.filter { task == nil || $0.instance.task == task }
        }
        guard readingLargeValues else { return entries }
        for index in entries.indices { entries[index].value = try await value(of: entries[index]) }
        return entries
    }

    /// The value of an entry, read from its event when it is large.
    public func value(of entry: XComEntry) async throws(StoreError) -> JSONValue {
        if let value = entry.value { return value }
        return try await store.xcom(entry.key, of: entry.source, run: entry.run, sequence: entry.sequence)
    }

    /// What a task left, from its checkpoints alone; nil where only the whole history tells: a snapshot brought values, or a
    /// resume set tasks back.
    private func checkpoints(of task: TaskID, _ run: RunID) async throws(StoreError) -> [XComEntry]? {
        let columns = try await store.summary(of: .run(run)).folded
        let first = try await store.history(HistoryQuery(.run(run), limit: 1)).elements.first
        guard first?.payload.bringsSnapshot == false, columns.dagVersion == nil || columns.resumeCount == 0 else {
            return nil
        }
        var found: [InstanceID: [String: XCom]] = [:]
        try await store.forEachEvent(of: .run(run), xcomTask: task) { event throws(StoreError) in
            guard let (instance, changes) = event.payload.xcomChanges else { return }
            for (key, value) in changes {
                found[instance, default: [:]][key] = value.map {
                    XCom($0, createdAt: event.time, sequence: event.sequence, mapIndex: instance.mapIndex)
                }
            }
        }
        return found.sorted { $0.key < $1.key }.flatMap { XComEntry.list($0.value, of: $0.key, run) }
    }

    private func absence(
        of key: String, _ instance: InstanceID, in fold: RunFold
    ) async throws(StoreError) -> StoreError {
        var detail: String?
        if let node = fold.node(instance.task) {
            let keys = Set(node.slots.flatMap { fold.instances[$0].xcoms.keys })
            detail = Spelling.nearest(to: key, in: keys).map { "did you mean the key \(quoted($0))?" }
        } else {
            let names = fold.nodes.map(\.id.rawValue)
            detail = Spelling.nearest(to: instance.task.rawValue, in: names).map { "did you mean the task \($0)?" }
        }
        return StoreError(.notFound, subject: "XCom \(instance).\(key) of run \(fold.id)", detail: detail)
    }
}

extension RunFold {
    /// By instance, in the order of the definition, and key; values over 1 KiB are nil.
    package var xcomEntries: [XComEntry] { currentInstances.flatMap { XComEntry.list($0.xcoms, of: $0.id, id) } }
}

extension XComEntry {
    static func list(_ xcoms: [String: XCom], of instance: InstanceID, _ run: RunID) -> [XComEntry] {
        xcoms.sorted { $0.key < $1.key }.map { XComEntry(run: run, instance: instance, key: $0.key, xcom: $0.value) }
    }
}

// MARK: - Events

extension EventPayload {
    var bringsSnapshot: Bool {
        switch self {
        case .restored: true
        case .spilled(let spilled): RunSnapshot.Origin(rawValue: spilled.type) != nil
        default: false
        }
    }

    /// The XComs that a checkpoint changes; nil: removed.
    fileprivate var xcomChanges: (InstanceID, [String: JSONValue?])? {
        switch self {
        case .taskFinished(let finished): (finished.instance, finished.xcoms)
        case .stepCompleted(let step): (InstanceID(step.task), [XComsView.defaultKey: step.value])
        case .xcomSet(let instance, let key, let value): (instance, [key: value])
        case .xcomDeleted(let instance, let key): (instance, [key: .none])
        default: nil
        }
    }

    fileprivate func xcom(_ key: String, of instance: InstanceID) -> JSONValue? {
        if case .restored(let snapshot) = self {
            return snapshot.xcoms.last { $0.instance == instance && $0.key == key }?.value
        }
        guard let (changed, changes) = xcomChanges, changed == instance else { return nil }
        return changes[key].flatMap { $0 }
    }
}

extension Store {
    /// A value from the event that carries it.
    /// - Parameter instance: as the event names it.
    /// - Throws: `corrupt` when it does not.
    package func xcom(
        _ key: String, of instance: InstanceID, run: RunID, sequence: Int64
    ) async throws(StoreError) -> JSONValue {
        let page = try await history(HistoryQuery(.run(run), from: sequence, limit: 1))
        guard let event = page.elements.first, event.sequence == sequence,
            let value = try await resolve(event).payload.xcom(key, of: instance)
        else {
            throw StoreError(
                .corrupt, subject: "XCom \(instance).\(key) of run \(run)", detail: "event \(sequence) does not hold it"
            )
        }
        return value
    }
}
