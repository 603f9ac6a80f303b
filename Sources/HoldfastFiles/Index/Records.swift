import Holdfast

/// A stretch of a file: a segment of the journal, or with number 0 the base.
struct FilePlace: Sendable, Hashable {
    var segment: Int32
    var length: Int32
    var offset: Int64
}

/// A document without its body, which stays where it was written.
struct StoredRecord: Sendable {
    var version: Int64
    var orderKey: String?
    var expiresAt: Timestamp?
    var body: FilePlace

    func isExpired(at now: Timestamp) -> Bool { expiresAt.map { $0 <= now } ?? false }
}

/// Where a record stands: by its key alone, or by its order key and then its key.
struct RecordPlace: Sendable, Comparable {
    var order: Bytes
    var key: Bytes

    static func < (left: RecordPlace, right: RecordPlace) -> Bool {
        (left.order, left.key) < (right.order, right.key)
    }
}

/// The records of one kind.
struct RecordKind: Sendable {
    private(set) var byKey: [Bytes: StoredRecord] = [:]
    private(set) var keys = SortedPlaces()
    private(set) var orderKeys = SortedPlaces()

    mutating func put(_ key: Bytes, _ record: StoredRecord) {
        if let old = byKey.updateValue(record, forKey: key) {
            if let orderKey = old.orderKey { orderKeys.remove(RecordPlace(order: Bytes(orderKey), key: key)) }
        } else {
            keys.insert(RecordPlace(order: key, key: key))
        }
        if let orderKey = record.orderKey { orderKeys.insert(RecordPlace(order: Bytes(orderKey), key: key)) }
    }

    mutating func remove(_ key: Bytes) {
        guard let old = byKey.removeValue(forKey: key) else { return }
        keys.remove(RecordPlace(order: key, key: key))
        if let orderKey = old.orderKey { orderKeys.remove(RecordPlace(order: Bytes(orderKey), key: key)) }
    }
}

struct SortedPlaces: Sendable {
    private(set) var elements: ContiguousArray<RecordPlace> = []

    mutating func insert(_ place: RecordPlace) {
        let index = elements.last.map { $0 < place } ?? true ? elements.count : firstIndex { $0 >= place }
        elements.insert(place, at: index)
    }

    mutating func remove(_ place: RecordPlace) {
        let index = firstIndex { $0 >= place }
        if index < elements.count, elements[index] == place { elements.remove(at: index) }
    }

    /// Where a condition that holds for a tail of the list begins to hold.
    func firstIndex(where holds: (RecordPlace) -> Bool) -> Int {
        var (low, high) = (0, elements.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(elements[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

// MARK: - Reading

extension Index {
    func record(_ name: RecordName, at now: Timestamp) -> StoredRecord? {
        guard let record = records[Bytes(name.kind)]?.byKey[Bytes(name.key)], !record.isExpired(at: now) else {
            return nil
        }
        return record
    }

    /// A page of records, whose bodies are still to be read.
    func records(_ query: RecordQuery, at now: Timestamp) throws(StoreError) -> Page<
        (key: String, record: StoredRecord)
    > {
        var place = try query.start()
        var page = Page<(key: String, record: StoredRecord)>([])
        guard let kind = records[Bytes(query.kind)] else { return page }
        let list = query.goesByOrderKey ? kind.orderKeys : kind.keys
        let bounds = query.bounds(in: list, behind: place)
        for index in query.descending ? Array(bounds.reversed()) : Array(bounds) {
            let here = list.elements[index]
            guard let record = kind.byKey[here.key], !record.isExpired(at: now) else { continue }
            guard page.elements.count < query.limit else {
                page.nextCursor = place.map { query.cursor(at: $0) }
                break
            }
            page.elements.append((here.key.text, record))
            place = here
        }
        return page
    }
}

extension RecordQuery {
    fileprivate var goesByOrderKey: Bool { if case .orderKeys = selection { true } else { false } }

    fileprivate func start() throws(StoreError) -> RecordPlace? {
        guard let cursor else { return nil }
        let keys = try cursor.keys(fingerprint: fingerprint, count: 2)
        guard let order = keys[0].stringValue, let key = keys[1].stringValue else {
            throw StoreError(.invalidCursor, subject: "cursor \(quoted(cursor.text))")
        }
        return RecordPlace(order: Bytes(order), key: Bytes(key))
    }

    /// The selection is one stretch of its list; a page goes on behind a place in it.
    fileprivate func bounds(in list: SortedPlaces, behind place: RecordPlace?) -> Range<Int> {
        var low = list.firstIndex { side(of: $0) != .before }
        var high = list.firstIndex { side(of: $0) == .behind }
        if let place {
            if descending {
                high = min(high, list.firstIndex { $0 >= place })
            } else {
                low = max(low, list.firstIndex { $0 > place })
            }
        }
        return low..<max(low, high)
    }

    /// Where a place stands beside the selection.
    private enum Side { case before, inside, behind }

    private func side(of place: RecordPlace) -> Side {
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
