import Holdfast

extension Committer {
    /// Nil: there is none, or it has expired; a failure: its body is damaged.
    func record(_ name: RecordName) throws(SQLiteFailure) -> Result<Record?, StoreError> {
        let statement = try connection.prepared(
            """
            SELECT version, order_key, expires_at, body FROM record
            WHERE tenant = ?1 AND kind = ?2 AND id = ?3 AND (expires_at IS NULL OR expires_at > ?4)
            """)
        statement.bind(tenant, name.kind, name.key, now)
        defer { statement.reset() }
        guard try statement.step() else { return .success(nil) }
        return Result { () throws(StoreError) in
            Record(
                kind: name.kind, key: name.key, version: statement.int(0), orderKey: statement.optionalText(1),
                expiresAt: statement.optionalTime(2),
                body: try JSONValue(stored: statement.bytes(3), subject: name.description))
        }
    }

    /// 0: there is none, or it has expired.
    private func version(of name: RecordName) throws(SQLiteFailure) -> Int64 {
        try connection.integer(
            """
            SELECT version FROM record
            WHERE tenant = ?1 AND kind = ?2 AND id = ?3 AND (expires_at IS NULL OR expires_at > ?4)
            """, tenant, name.kind, name.key, now) ?? 0
    }

    func check(_ change: RecordChange) throws(SQLiteFailure) {
        guard let expected = change.expectedVersion else { return }
        let version = try version(of: change.name)
        guard version == expected else {
            throw .refused(
                StoreError(.conflict, subject: change.name.description, detail: "it is at version \(version)"))
        }
    }

    /// - Returns: the new version; 0 for a deletion.
    func write(_ change: RecordChange) throws(SQLiteFailure) -> Int64 {
        switch change {
        case .put(let record, _):
            let version = try version(of: record.name) + 1
            try connection.run(
                """
                INSERT INTO record (tenant, kind, id, version, order_key, expires_at, body)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                ON CONFLICT (tenant, kind, id) DO UPDATE SET version = excluded.version,
                    order_key = excluded.order_key, expires_at = excluded.expires_at, body = excluded.body
                """, tenant, record.kind, record.key, version, record.orderKey, record.expiresAt,
                UTF8Text(bytes: record.body.encoded()))
            return version
        case .delete(let kind, let key, _):
            try connection.run("DELETE FROM record WHERE tenant = ?1 AND kind = ?2 AND id = ?3", tenant, kind, key)
            return 0
        }
    }
}
