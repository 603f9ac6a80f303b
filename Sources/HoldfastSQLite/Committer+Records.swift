import Holdfast

extension Committer {
    /// 0: there is none, or it has expired.
    private func version(of key: String, kind: String) throws(SQLiteFailure) -> Int64 {
        try connection.integer(
            """
            SELECT version FROM record
            WHERE tenant = ?1 AND kind = ?2 AND id = ?3 AND (expires_at IS NULL OR expires_at > ?4)
            """, tenant, kind, key, now) ?? 0
    }

    func check(_ change: RecordChange) throws(SQLiteFailure) {
        let (kind, key, expected): (String, String, Int64?) =
            switch change {
            case .put(let record, let expected): (record.kind, record.key, expected)
            case .delete(let kind, let key, let expected): (kind, key, expected)
            }
        guard let expected else { return }
        let version = try version(of: key, kind: kind)
        guard version == expected else {
            throw .refused(
                StoreError(
                    .conflict, subject: "record \(quoted(kind)) \(quoted(key))", detail: "it is at version \(version)"))
        }
    }

    /// - Returns: the new version; 0 for a deletion.
    func write(_ change: RecordChange) throws(SQLiteFailure) -> Int64 {
        switch change {
        case .put(let record, _):
            let version = try version(of: record.key, kind: record.kind) + 1
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
