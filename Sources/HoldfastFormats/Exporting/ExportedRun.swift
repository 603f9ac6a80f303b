import Holdfast

/// A run as it is to be written: as an export renders it, with what remained of the record that it came from.
struct ExportedRun: Sendable {
    let run: ForeignRun
    let origin: OriginMetadata?
    /// All of its records in the format: the main one, and the sections that stand beside it.
    let document: [String: JSONValue]
    /// Whether it came to its end in this store.
    let hasEndedHere: Bool
    private let sections: Set<String>

    var id: String { run.fold.id.rawValue }
    /// The main record.
    var record: JSONValue { .object(document.filter { !sections.contains($0.key) }) }

    init(_ id: RunID, _ format: RecordFormat, _ store: any Store) async throws(StoreError) {
        sections = format.sections
        var first: RunSnapshot?
        var base = RunFold(id: id)
        var fold = base
        try await store.forEachEvent(of: .run(id)) { event throws(StoreError) in
            try fold.apply(event)
            guard event.sequence == 1 else { return }
            base = fold
            if case .restored(let snapshot) = event.payload { first = snapshot }
        }
        run = ForeignRun(fold, xcoms: try await Self.xcoms(of: fold, first, store))
        hasEndedHere = fold.state.isTerminal && (!base.state.isTerminal || fold.resumeCount > base.resumeCount)
        let origin = OriginMetadata(fold.metadata)
        guard let origin, origin.format == format else {
            self.origin = nil
            document = run.document(format, nil).objectValue ?? [:]
            return
        }
        self.origin = origin
        let imported = ForeignRun(base, xcoms: first?.xcoms ?? [])
        let restored = Remainder.apply(
            try await Self.remainder(origin, fold, store), to: run.document(format, origin.layout),
            from: imported.document(format, origin.layout))
        document = restored.objectValue ?? [:]
    }

    private static func xcoms(
        of fold: RunFold, _ first: RunSnapshot?, _ store: any Store
    ) async throws(StoreError) -> [RunSnapshot.XCom] {
        var imported: [InstanceID: [String: JSONValue]] = [:]
        for xcom in first?.xcoms ?? [] { imported[xcom.instance, default: [:]][xcom.key] = xcom.value }
        var xcoms: [RunSnapshot.XCom] = []
        for entry in fold.xcomEntries {
            var value = entry.value ?? (entry.sequence == 1 ? imported[entry.instance]?[entry.key] : nil)
            if value == nil { value = try await store.xcoms.value(of: entry) }
            xcoms.append(
                RunSnapshot.XCom(
                    instance: entry.instance, key: entry.key, value: value ?? .null, createdAt: entry.createdAt))
        }
        return xcoms
    }

    private static func remainder(
        _ origin: OriginMetadata, _ fold: RunFold, _ store: any Store
    ) async throws(StoreError) -> [String: JSONValue] {
        guard let key = origin.remainderKey, let artifact = fold.artifacts[key] else { return origin.remainder }
        let bytes: [UInt8] = try await store.readBlob(artifact.digest)
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: bytes).objectValue ?? [:]
        } catch {
            throw StoreError(
                .corrupt, subject: "artifact \(key) of run \(fold.id)", detail: "it is no JSON", cause: error)
        }
    }
}
