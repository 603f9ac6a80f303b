/// The events of runs, and of the whole store.
public struct EventsView: Sendable {
    let views: Views
    var store: any Store { views.store }

    init(_ views: Views) { self.views = views }
}

extension EventsView {
    /// Up to `limit` events of a run from a sequence on, with large payloads read from their blobs.
    /// - Parameter limit: 1 to 10,000.
    /// - Throws: `notFound`, `invalid` for the limit.
    public func list(_ run: RunID, from first: Int64 = 1, limit: Int = 1000) async throws(StoreError) -> [Event] {
        var events = try await store.history(HistoryQuery(.run(run), from: first, limit: limit)).elements
        for index in events.indices { events[index] = try await store.resolve(events[index]) }
        return events
    }

    /// The events of a run from a sequence on, and those to come until it has ended: a sequence that waits.
    ///
    /// It throws `notFound` for an unknown run, and when the run is deleted.
    public func follow(_ run: RunID, from first: Int64 = 1) -> RunEvents {
        RunEvents(store: store, run: run, first: first)
    }

    /// The events of the whole store, and those to come: a sequence that waits and does not end. Large payloads stay spilled;
    /// `Store.resolve` reads one.
    ///
    /// It throws `trimmed` when the feed does not reach back to its start.
    public func followAll(
        from start: FeedQuery.Start = .now, requestsOnly: Bool = false
    ) -> FeedEntries {
        FeedEntries(store: store, start: start, requestsOnly: requestsOnly)
    }
}

/// How long one question to the feed waits; then it is asked again.
private let feedWait = Duration.seconds(30)

/// The events of a run until it has ended.
public struct RunEvents: AsyncSequence, Sendable {
    let store: any Store
    let run: RunID
    let first: Int64

    public func makeAsyncIterator() -> Iterator { Iterator(store: store, run: run, nextSequence: first) }

    public struct Iterator: AsyncIteratorProtocol {
        let store: any Store
        let run: RunID
        var nextSequence: Int64
        var page: ArraySlice<Event> = []
        /// Where the feed stood before the history was read up to its end.
        var position: FeedPosition?
        /// Whether the summary was ahead of the history's end at the last look.
        var isBehind = false

        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(StoreError) -> Event? {
            while page.isEmpty {
                if position == nil { position = try await store.feed(FeedQuery(.now, limit: 1)).next }
                page = try await store.history(HistoryQuery(.run(run), from: nextSequence)).elements[...]
                guard let last = page.last else {
                    if try await hasEnded() { return nil }
                    continue
                }
                nextSequence = last.sequence + 1
                isBehind = false
            }
            return try await store.resolve(page.removeFirst())
        }

        /// Whether the run has ended with what was read; else waits for its next event.
        private mutating func hasEnded() async throws(StoreError) -> Bool {
            let columns = try await store.summary(of: .run(run)).folded
            guard columns.asOf < nextSequence else {
                guard !isBehind else {
                    throw StoreError(
                        .corrupt, subject: "run \(run)", detail: "its history ends before event \(columns.asOf)")
                }
                isBehind = true
                return false
            }
            if columns.state.isTerminal { return true }
            do throws(StoreError) {
                try await waitForNews()
            } catch {
                // Too many events of others since the last look: look again from now on.
                guard error.code == .trimmed else { throw error }
                position = nil
            }
            return false
        }

        private mutating func waitForNews() async throws(StoreError) {
            while let position {
                let news = try await store.feed(FeedQuery(.after(position), wait: feedWait))
                self.position = news.next
                if news.entries.contains(where: { $0.history == .run(run) }) { return }
            }
        }
    }
}

/// The events and deletions of the whole store, without end.
public struct FeedEntries: AsyncSequence, Sendable {
    let store: any Store
    let start: FeedQuery.Start
    let requestsOnly: Bool

    public func makeAsyncIterator() -> Iterator { Iterator(store: store, start: start, requestsOnly: requestsOnly) }

    public struct Iterator: AsyncIteratorProtocol {
        let store: any Store
        var start: FeedQuery.Start
        let requestsOnly: Bool
        var page: ArraySlice<FeedEntry> = []

        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(StoreError) -> FeedEntry? {
            while page.isEmpty {
                let news = try await store.feed(FeedQuery(start, requestsOnly: requestsOnly, wait: feedWait))
                page = news.entries[...]
                start = .after(news.next)
            }
            return page.removeFirst()
        }
    }
}
