/// The registered schemas: JSON Schema documents under a name and a version, which artifacts are checked against.
public struct SchemasView: Sendable {
    let views: Views
    var store: any Store { views.store }

    init(_ views: Views) { self.views = views }
}

// MARK: - Writing

extension SchemasView {
    /// Puts a schema in force under its name and version. The same content again changes nothing.
    /// - Throws: `invalid` with all that is wrong with the schema (and `SchemaProblems` as the cause); `alreadyExists` when
    ///   that version has, or before it was deleted had, another content.
    @discardableResult
    public func register(_ id: SchemaID, _ document: JSONValue) async throws(StoreError) -> RegisteredSchema {
        do throws(SchemaProblems) {
            _ = try JSONSchema(document)
        } catch {
            throw StoreError(.invalid, subject: "schema \(id)", detail: error.description, cause: error)
        }
        let digest = Digest(of: document.encoded())
        return try await retryingConflicts { () throws(StoreError) in
            if let known = try await stored(id) {
                guard known.digest == digest else { throw otherContent(id) }
                return known
            }
            let deleted = try await record(RegisteredSchema.deletedKind, id)
            guard try deleted.map({ record throws(StoreError) in try Self.digest(of: record) }) ?? digest == digest
            else { throw otherContent(id) }
            let schema = RegisteredSchema(
                id: id, document: document, digest: digest, registeredAt: views.clock.now())
            var changeset = Changeset(records: [.put(schema.record, expectedVersion: 0)])
            if let deleted {
                changeset.records.append(
                    .delete(kind: deleted.kind, key: deleted.key, expectedVersion: deleted.version))
            }
            _ = try await store.commit(changeset)
            return schema
        }
    }

    private func otherContent(_ id: SchemaID) -> StoreError {
        StoreError(
            .alreadyExists, subject: "schema \(id)",
            detail: "that version has another content, which artifacts may rely on; register this one as a new version")
    }

    /// Forgets a schema; that there is none is no error. Artifacts that were saved under it stay, and go on naming it; new
    /// ones are refused. The version can come back, but only with the same content.
    /// - Returns: whether there was one.
    @discardableResult
    public func delete(_ id: SchemaID) async throws(StoreError) -> Bool {
        try await retryingConflicts { () throws(StoreError) in
            guard let record = try await record(RegisteredSchema.recordKind, id) else { return false }
            let digest = try RegisteredSchema(record).digest
            let remembered = Record(
                kind: RegisteredSchema.deletedKind, key: id.rawValue, body: ["digest": .string(digest.hexadecimal)])
            _ = try await store.commit(
                Changeset(records: [
                    .delete(kind: record.kind, key: record.key, expectedVersion: record.version),
                    .put(remembered, expectedVersion: nil),
                ]))
            return true
        }
    }

    private static func digest(of record: Record) throws(StoreError) -> Digest {
        let reader = try ObjectReader(record.body, subject: "deleted schema \(quoted(record.key))")
        return try reader.required("digest", reader.digest)
    }
}

// MARK: - Reading

extension SchemasView {
    /// - Throws: `notFound`, with a similar name or the known versions if there are any.
    public func get(_ id: SchemaID) async throws(StoreError) -> RegisteredSchema {
        if let schema = try await stored(id) { return schema }
        let keys = try await store.records(
            RecordQuery(kind: RegisteredSchema.recordKind, limit: RecordQuery.maximumLimit)
        ).elements.map(\.key)
        let versions = keys.filter { $0.hasPrefix(id.name + "@") }
        let advice =
            versions.isEmpty
            ? Spelling.nearest(to: id.rawValue, in: keys).map { "did you mean \($0)?" }
            : "there is \(versions.suffix(5).joined(separator: ", "))"
        throw StoreError(
            .notFound, subject: "schema \(id)", detail: advice ?? "register it first: holdfast schema register")
    }

    /// By name and version.
    /// - Parameters:
    ///   - name: all versions of this one; nil: all there are.
    ///   - limit: 1 to 1,000.
    /// - Throws: `invalidCursor`, `invalid` for the limit.
    public func list(
        name: String? = nil, limit: Int = 100, cursor: Cursor? = nil
    ) async throws(StoreError) -> Page<RegisteredSchema> {
        let page = try await store.records(
            RecordQuery(
                kind: RegisteredSchema.recordKind, .keyPrefix(name.map { $0 + "@" } ?? ""), limit: limit,
                cursor: cursor))
        var schemas: [RegisteredSchema] = []
        for record in page.elements { schemas.append(try RegisteredSchema(record)) }
        return Page(schemas, nextCursor: page.nextCursor, total: page.total)
    }

    /// Judges a value by a registered schema.
    /// - Throws: `notFound`, and what `JSONSchema.check` throws.
    public func check(_ value: JSONValue, against id: SchemaID) async throws(StoreError) -> SchemaReport {
        try await schema(id).check(value)
    }

    /// The schema, ready to judge.
    func schema(_ id: SchemaID) async throws(StoreError) -> JSONSchema {
        let document = try await get(id).document
        do throws(SchemaProblems) {
            return try JSONSchema(document)
        } catch {
            throw StoreError(.corrupt, subject: "schema \(id)", detail: error.description, cause: error)
        }
    }

    private func stored(_ id: SchemaID) async throws(StoreError) -> RegisteredSchema? {
        guard let record = try await record(RegisteredSchema.recordKind, id) else { return nil }
        return try RegisteredSchema(record)
    }

    private func record(_ kind: String, _ id: SchemaID) async throws(StoreError) -> Record? {
        try await store.records(RecordQuery(kind: kind, .key(id.rawValue), limit: 1)).elements.first
    }
}

// MARK: - Artifacts

/// A value that breaks the schema it was to be saved under: the cause of that refusal.
public struct SchemaViolations: Error, Sendable {
    public let schema: SchemaID
    public let report: SchemaReport
}

extension SchemasView {
    /// Bytes of an artifact that is checked: it is read into memory.
    public static let maximumArtifactSize = 32 * 1024 * 1024

    /// Refuses a value that breaks a schema.
    /// - Throws: `invalid` with every violation, and `SchemaViolations` as the cause; `notFound` for an unknown schema.
    func require(_ value: JSONValue, toSatisfy id: SchemaID, subject: String) async throws(StoreError) {
        let report = try await check(value, against: id)
        guard !report.isValid else { return }
        let count = report.violations.count
        let more = report.isCut ? "; and more" : ""
        throw StoreError(
            .invalid, subject: subject,
            detail: "it breaks schema \(id) in \(count == 1 ? "1 place" : "\(count) places"): "
                + report.violations.map(\.description).joined(separator: "; ") + more,
            cause: SchemaViolations(schema: id, report: report))
    }
}
