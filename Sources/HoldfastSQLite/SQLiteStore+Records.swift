public import Holdfast

extension SQLiteStore {
    public func records(_ query: RecordQuery) async throws(StoreError) -> Page<Record> {
        try query.validate()
        let scan = try RecordScan(query)
        let now = options.clock.now()
        return try read { [tenant] connection throws(SQLiteFailure) in
            try scan.page(connection, tenant: tenant, now: now)
        }
    }
}

/// One stretch of the records of a kind, in the order of their keys or of their order keys.
struct RecordScan: Sendable {
    private let query: RecordQuery
    private let goesByOrderKey: Bool
    /// Inclusive.
    private let from: String?
    /// Exclusive.
    private let to: String?
    private let exactly: String?
    /// The order key and the key behind which the page begins.
    private let start: (order: String, key: String)?

    /// - Throws: `invalidCursor`.
    init(_ query: RecordQuery) throws(StoreError) {
        self.query = query
        switch query.selection {
        case .keyPrefix(let prefix):
            (goesByOrderKey, from, to, exactly) = (false, prefix, prefix.upperBoundOfPrefix, nil)
        case .key(let key): (goesByOrderKey, from, to, exactly) = (false, nil, nil, key)
        case .orderKeys(let from, let to):
            (goesByOrderKey, self.from, self.to, exactly) = (true, from, to, nil)
        }
        guard let cursor = query.cursor else {
            start = nil
            return
        }
        let keys = try cursor.keys(fingerprint: query.fingerprint, count: 2)
        guard let order = keys[0].stringValue, let key = keys[1].stringValue else {
            throw StoreError(.invalidCursor, subject: "cursor \(quoted(cursor.text))")
        }
        start = (order, key)
    }

    var sql: String {
        let column = goesByOrderKey ? "order_key" : "id"
        var conditions = ["tenant = ?1", "kind = ?2"]
        if exactly != nil { conditions.append("id = ?3") }
        if from != nil { conditions.append("\(column) >= ?4") }
        if to != nil { conditions.append("\(column) < ?5") }
        let isBehind = query.descending ? "<" : ">"
        if start != nil {
            conditions.append(goesByOrderKey ? "(order_key, id) \(isBehind) (?6, ?7)" : "id \(isBehind) ?7")
        }
        if goesByOrderKey { conditions.append("order_key IS NOT NULL") }
        let direction = query.descending ? " DESC" : ""
        return """
            SELECT id, version, order_key, expires_at, body FROM record \(goesByOrderKey ? "INDEXED BY record_order" : "")
            WHERE \(conditions.joined(separator: " AND "))
            ORDER BY \(goesByOrderKey ? "order_key\(direction), " : "")id\(direction)
            """
    }

    func page(_ connection: ReadConnection, tenant: Int64, now: Timestamp) throws(SQLiteFailure) -> Page<Record> {
        let statement = try connection.prepared(text: sql)
        statement.bind(tenant, query.kind)
        statement.bind(exactly, at: 3, ifUsed: exactly != nil)
        statement.bind(from, at: 4, ifUsed: from != nil)
        statement.bind(to, at: 5, ifUsed: to != nil)
        statement.bind(start?.order, at: 6, ifUsed: start != nil && goesByOrderKey)
        statement.bind(start?.key, at: 7, ifUsed: start != nil)
        defer { statement.reset() }
        var page = Page<Record>([])
        while try statement.step() {
            if let expiresAt = statement.optionalTime(3), expiresAt <= now { continue }
            guard page.elements.count < query.limit else {
                page.nextCursor = page.elements.last.map(cursor)
                break
            }
            page.elements.append(try decodingStored { () throws(StoreError) in try record(statement) })
        }
        return page
    }

    private func record(_ row: SQLStatement) throws(StoreError) -> Record {
        let key = row.text(0)
        return Record(
            kind: query.kind, key: key, version: row.int(1), orderKey: row.optionalText(2),
            expiresAt: row.optionalTime(3),
            body: try JSONValue(stored: row.bytes(4), subject: "record \(quoted(query.kind)) \(quoted(key))"))
    }

    private func cursor(behind record: Record) -> Cursor {
        let order = goesByOrderKey ? record.orderKey ?? "" : record.key
        return Cursor(fingerprint: query.fingerprint, keys: [.string(order), .string(record.key)])
    }
}

extension String {
    /// The smallest text, by UTF-8 bytes, behind all that begin with this one; nil: there is none.
    var upperBoundOfPrefix: String? {
        var scalars = Array(unicodeScalars)
        while let last = scalars.popLast() {
            guard last.value < 0x10FFFF else { continue }
            // The surrogates are no scalars; the next one stands behind them.
            let next = last.value + 1 == 0xD800 ? 0xE000 : last.value + 1
            guard let scalar = Unicode.Scalar(next) else { continue }
            scalars.append(scalar)
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars)
            return String(text)
        }
        return nil
    }
}
