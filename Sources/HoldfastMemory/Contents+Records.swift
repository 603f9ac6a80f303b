import Holdfast

// Documents: by key, and for those that have one by order key. An expired one counts as not there.

/// The records of one kind.
struct RecordKind: Sendable {
    var byKey: [Bytes: Record] = [:]
    var keys = SortedList<RecordPlace>()
    var orderKeys = SortedList<RecordPlace>()
}

/// Where a record stands: by its key alone, or by its order key and then its key.
struct RecordPlace: Sendable, Comparable {
    var order: Bytes
    var key: Bytes

    static func < (left: RecordPlace, right: RecordPlace) -> Bool {
        (left.order, left.key) < (right.order, right.key)
    }
}

// MARK: - Changing

extension Contents {
    func record(_ name: RecordName, at now: Timestamp) -> Record? {
        guard let record = records[Bytes(name.kind)]?.byKey[Bytes(name.key)], !record.isExpired(at: now) else {
            return nil
        }
        return record
    }

    func check(_ change: RecordChange, at now: Timestamp) throws(StoreError) {
        let version = record(change.name, at: now)?.version ?? 0
        guard version == change.expectedVersion ?? version else {
            throw StoreError(.conflict, subject: change.name.description, detail: "it is at version \(version)")
        }
    }

    /// - Returns: the new version; 0 for a deletion.
    mutating func write(_ change: RecordChange, at now: Timestamp) -> Int64 {
        switch change {
        case .put(var new, _):
            new.version = (record(new.name, at: now)?.version ?? 0) + 1
            records[Bytes(new.kind), default: RecordKind()].put(new)
            return new.version
        case .delete(let kind, let key, _):
            records[Bytes(kind)]?.remove(Bytes(key))
            return 0
        }
    }

    mutating func removeExpiredRecords(at now: Timestamp) {
        for (kind, kept) in records {
            for record in kept.byKey.values where record.isExpired(at: now) { records[kind]?.remove(Bytes(record.key)) }
        }
    }
}

extension Record {
    func isExpired(at now: Timestamp) -> Bool { expiresAt.map { $0 <= now } ?? false }
}

extension RecordKind {
    mutating func put(_ record: Record) {
        let key = Bytes(record.key)
        remove(key)
        byKey[key] = record
        keys.insert(RecordPlace(order: key, key: key))
        if let orderKey = record.orderKey { orderKeys.insert(RecordPlace(order: Bytes(orderKey), key: key)) }
    }

    mutating func remove(_ key: Bytes) {
        guard let old = byKey.removeValue(forKey: key) else { return }
        keys.remove(RecordPlace(order: key, key: key))
        if let orderKey = old.orderKey { orderKeys.remove(RecordPlace(order: Bytes(orderKey), key: key)) }
    }
}

// MARK: - Reading

extension Contents {
    func records(_ query: RecordQuery, at now: Timestamp) throws(StoreError) -> Page<Record> {
        var place = try start(of: query)
        var page = Page<Record>([])
        guard let kind = records[Bytes(query.kind)] else { return page }
        let list = query.goesByOrderKey ? kind.orderKeys : kind.keys
        let selected =
            list.firstIndex { query.side(of: $0) != .before }..<list.firstIndex { query.side(of: $0) == .behind }
        for index in list.indices(behind: place, descending: query.descending) where selected.contains(index) {
            let here = list.elements[index]
            guard let record = kind.byKey[here.key], !record.isExpired(at: now) else { continue }
            guard page.elements.count < query.limit else {
                page.nextCursor = place.map { query.cursor(at: $0) }
                break
            }
            page.elements.append(record)
            place = here
        }
        return page
    }

    private func start(of query: RecordQuery) throws(StoreError) -> RecordPlace? {
        guard let cursor = query.cursor else { return nil }
        let keys = try cursor.keys(fingerprint: query.fingerprint, count: 2)
        guard let order = keys[0].stringValue, let key = keys[1].stringValue else {
            throw StoreError(.invalidCursor, subject: "cursor \(quoted(cursor.text))")
        }
        return RecordPlace(order: Bytes(order), key: Bytes(key))
    }
}

extension RecordQuery {
    /// Where a place stands beside the selection, which is one stretch of its list.
    fileprivate enum Side { case before, inside, behind }

    fileprivate var goesByOrderKey: Bool { if case .orderKeys = selection { true } else { false } }

    fileprivate func side(of place: RecordPlace) -> Side {
        switch selection {
        case .keyPrefix(let prefix):
            if place.key.text.utf8.starts(with: prefix.utf8) { return .inside }
            return place.key < Bytes(prefix) ? .before : .behind
        case .key(let key):
            if place.key == Bytes(key) { return .inside }
            return place.key < Bytes(key) ? .before : .behind
        case .orderKeys(let from, let to):
            if let from, place.order < Bytes(from) { return .before }
            if let to, place.order >= Bytes(to) { return .behind }
            return .inside
        }
    }

    fileprivate func cursor(at place: RecordPlace) -> Cursor {
        Cursor(fingerprint: fingerprint, keys: [.string(place.order.text), .string(place.key.text)])
    }
}
