import Holdfast
import HoldfastLocal

/// An event as far as the index knows it.
struct EventPlace: Sendable {
    var sequence: Int64
    var token: LeaseToken?
    var file: any OpenFile
    var offset: Int64
    var length: Int

    /// Reads the event. Its file stays open as long as this value is there, so that no compaction takes it away.
    /// - Throws: `corrupt`, `newerFormat`, `unavailable`.
    func read() throws(StoreError) -> Event {
        let bytes = try mappingSystemErrors { () throws(SystemCallError) in try file.read(length, at: offset) }
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(StoreError) in
                let stored: StoredEvent
                do throws(LineProblem) {
                    stored = try StoredEvent(buffer, 0..<buffer.count)
                } catch {
                    throw StoreError(.corrupt, subject: file.path, detail: "at byte \(offset): \(error.reason)")
                }
                return Event(sequence: sequence, time: stored.time, token: token, payload: try stored.decode())
            }
        }
        return try result.get()
    }
}

/// What of a history is to be read, and from where.
struct HistoryPlan: Sendable {
    /// Of its own file: the bytes that count; 0 when nothing of it is wanted.
    var sealedBytes: Int64 = 0
    /// How many events the sealed file has.
    var sealedEvents: Int64 = 0
    var places: [EventPlace] = []
}

extension Index {
    /// - Throws: `notFound`.
    func plan(_ query: HistoryQuery) throws(StoreError) -> HistoryPlan {
        guard let slot = slots[query.history] else {
            throw StoreError(.notFound, subject: query.history.description)
        }
        let entry = entries[Int(slot)]
        var plan = HistoryPlan()
        let from = max(1, query.from)
        if from <= entry.sealedEvents {
            (plan.sealedBytes, plan.sealedEvents) = (entry.sealedBytes, entry.sealedEvents)
        }
        guard let open = entry.open else { return plan }
        let task = query.xcomTask.map { tasks.known($0) ?? -2 }
        let first = Int(max(0, from - entry.sealedEvents - 1))
        for row in open.rows.dropFirst(first) where task == nil || rows[Int(row)].task == task {
            if plan.places.count == query.limit { break }
            if let place = place(of: rows[Int(row)], open) { plan.places.append(place) }
        }
        return plan
    }

    private func place(of row: EventRow, _ open: OpenHistory) -> EventPlace? {
        guard let segment = segments[row.segment] else { return nil }
        let hasToken = row.kind == .own || row.kind == .claim
        return EventPlace(
            sequence: row.sequence, token: hasToken ? open.token(at: row.sequence) : nil, file: segment.file,
            offset: row.offset, length: Int(row.length))
    }

    // MARK: - The feed

    struct FeedPlace: Sendable {
        var position: Int64
        var history: HistoryID
        /// Nil: it was deleted.
        var event: EventPlace?
    }

    /// What comes after a position, and where to go on.
    /// - Throws: `trimmed`.
    func feed(_ query: FeedQuery) throws(StoreError) -> (places: [FeedPlace], next: Int64) {
        let position =
            switch query.start {
            case .beginning: trimmed
            case .now: feedPosition
            case .after(let position): position.rawValue
            }
        guard position >= trimmed else {
            throw StoreError(.trimmed, subject: "feed position \(position)", detail: "begin anew")
        }
        var places: [FeedPlace] = []
        for number in firstRow(after: position)..<rows.count {
            let row = rows[number]
            guard let place = feedPlace(row, number, query) else { continue }
            places.append(place)
            if places.count == query.limit { return (places, row.position) }
        }
        return (places, max(position, feedPosition))
    }

    private func feedPlace(_ row: EventRow, _ number: Int, _ query: FeedQuery) -> FeedPlace? {
        if row.slot == EventRow.deletion {
            guard !query.requestsOnly, let id = deleted[Int32(number)] else { return nil }
            return FeedPlace(position: row.position, history: id, event: nil)
        }
        guard row.slot != EventRow.buried, !query.requestsOnly || row.kind == .request,
            let open = entries[Int(row.slot)].open, let place = place(of: row, open)
        else { return nil }
        return FeedPlace(position: row.position, history: ids[Int(row.slot)], event: place)
    }

    func firstRow(after position: Int64) -> Int {
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = (low + high) / 2
            if rows[middle].position > position { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
