import Holdfast

/// The store-wide order of events, and what deletions left in it. The events themselves stay with their histories.
struct Feed: Sendable {
    private var entries: [Entry] = []
    /// The highest position given out; never given out again.
    private(set) var last = FeedPosition(rawValue: 0)
    /// Positions up to this one are no longer kept.
    private(set) var trimmed = FeedPosition(rawValue: 0)
    /// How many entries are kept; nil: all.
    var kept: Int?

    struct Entry: Sendable {
        var position: FeedPosition
        var history: HistoryID
        /// Nil: the history was deleted.
        var sequence: Int64?
        var isRequest: Bool
    }

    mutating func append(history: HistoryID, sequence: Int64?, isRequest: Bool) -> FeedPosition {
        last = FeedPosition(rawValue: last.rawValue + 1)
        entries.append(Entry(position: last, history: history, sequence: sequence, isRequest: isRequest))
        if let kept, entries.count > kept {
            let dropped = entries.count - kept
            trimmed = entries[dropped - 1].position
            entries.removeFirst(dropped)
        }
        return last
    }

    /// Removes the events of a history and leaves a tombstone.
    mutating func bury(_ history: HistoryID) {
        entries.removeAll { $0.history == history && $0.sequence != nil }
        _ = append(history: history, sequence: nil, isRequest: false)
    }

    /// - Throws: `trimmed`.
    func entries(after position: FeedPosition) throws(StoreError) -> ArraySlice<Entry> {
        guard position >= trimmed else {
            throw StoreError(.trimmed, subject: "feed position \(position)", detail: "begin anew")
        }
        let start = entries.firstIndex { $0.position > position } ?? entries.endIndex
        return entries[start...]
    }
}

extension Contents {
    /// What comes after a position; possibly nothing.
    func feed(_ query: FeedQuery, after position: FeedPosition) throws(StoreError) -> FeedPage {
        var page = FeedPage([], next: max(position, feed.last))
        for entry in try feed.entries(after: position) where entry.isRequest || !query.requestsOnly {
            page.entries.append(FeedEntry(position: entry.position, history: entry.history, event: event(of: entry)))
            guard page.entries.count < query.limit else {
                page.next = entry.position
                break
            }
        }
        return page
    }

    private func event(of entry: Feed.Entry) -> Event? {
        entry.sequence.flatMap { histories[entry.history]?.events[Int($0) - 1].event }
    }

    /// The position behind which a query begins.
    func start(of query: FeedQuery) -> FeedPosition {
        switch query.start {
        case .beginning: feed.trimmed
        case .now: feed.last
        case .after(let position): position
        }
    }
}
