public import Holdfast
import HoldfastLocal

extension FilesStore {
    public func summaries(_ query: SummaryQuery) async throws(StoreError) -> Page<Summary> {
        try query.validate()
        let now = options.clock.now()
        let (page, file) = try read { [liveness] index throws(StoreError) in
            let snapshot = try liveness.snapshot(of: index, at: now)
            var page = try Listing(query: query, liveness: snapshot).page(&index)
            if query.isCountable {
                let counts = index.counts(
                    CountQuery(
                        kind: query.kind, dag: query.dag, workspace: query.workspace, states: query.states), snapshot)
                page.total = counts.reduce(0) { $0 + $1.count }
            }
            return (page, index.base)
        }
        var summaries: [Summary] = []
        summaries.reserveCapacity(page.elements.count)
        for element in page.elements {
            switch element {
            case .complete(let summary): summaries.append(summary)
            case .stored(let id, let offset, let length):
                let line = try mappingSystemErrors { () throws(SystemCallError) in
                    try file?.read(length, at: offset) ?? []
                }
                summaries.append(try BaseHistory(line, id: id).filled)
            }
        }
        return Page(summaries, nextCursor: page.nextCursor, total: page.total)
    }

    public func history(_ query: HistoryQuery) async throws(StoreError) -> Page<Event> {
        try query.validate()
        let plan = try read { index throws(StoreError) in try index.plan(query) }
        var events: [Event] = []
        if plan.sealedBytes > 0 {
            let file = SealedHistory(query.history, bytes: plan.sealedBytes, in: folder, on: journal.fileSystem)
            events = try file.events(from: max(1, query.from), task: query.xcomTask, limit: query.limit)
        }
        for place in plan.places.prefix(query.limit - events.count) { events.append(try place.read()) }
        return Page(events)
    }

    public func records(_ query: RecordQuery) async throws(StoreError) -> Page<Record> {
        try query.validate()
        let now = options.clock.now()
        let page = try read { index throws(StoreError) in
            let found = try index.records(query, at: now)
            let elements = found.elements.map { ($0.key, $0.record, index.file(of: $0.record.body)) }
            return (elements: elements, next: found.nextCursor)
        }
        var records: [Record] = []
        for (key, record, file) in page.elements {
            records.append(try record.read(kind: query.kind, key: key, from: file))
        }
        return Page(records, nextCursor: page.next)
    }

    public func counts(_ query: CountQuery) async throws(StoreError) -> [Count] {
        let now = options.clock.now()
        return try read { [liveness] index throws(StoreError) in
            index.counts(query, try liveness.snapshot(of: index, at: now))
        }
    }

    public func writeBlob(_ bytes: ByteStream) async throws(StoreError) -> BlobReceipt {
        try checkOpen()
        try journal.checkWritable()
        return try await blobs.write(bytes)
    }

    public func readBlob(_ digest: Digest, range: Range<Int64>?) async throws(StoreError) -> ByteStream {
        try checkOpen()
        return try await blobs.read(digest, range: range)
    }

    // MARK: - The feed

    public func feed(_ query: FeedQuery) async throws(StoreError) -> FeedPage {
        try query.validate()
        var query = query
        let deadline = ContinuousClock.now + (query.wait ?? .zero)
        while true {
            let rings = bell.rings
            let page = try feedPage(query)
            guard page.entries.isEmpty, query.wait != nil, ContinuousClock.now < deadline else { return page }
            query.start = .after(page.next)
            await bell.wait(past: rings, requestsOnly: query.requestsOnly, until: deadline)
        }
    }

    private func feedPage(_ query: FeedQuery) throws(StoreError) -> FeedPage {
        let (places, next) = try read { index throws(StoreError) in try index.feed(query) }
        var page = FeedPage([], next: FeedPosition(rawValue: next))
        page.entries.reserveCapacity(places.count)
        for place in places {
            page.entries.append(
                FeedEntry(
                    position: FeedPosition(rawValue: place.position), history: place.history,
                    event: try place.event?.read()))
        }
        return page
    }
}

extension Index {
    func file(of place: FilePlace) -> (any OpenFile)? {
        place.segment == 0 ? base : segments[place.segment]?.file
    }
}

extension StoredRecord {
    /// - Throws: `corrupt`, `unavailable`.
    func read(kind: String, key: String, from file: (any OpenFile)?) throws(StoreError) -> Record {
        let bytes = try mappingSystemErrors { () throws(SystemCallError) in
            try file?.read(Int(body.length), at: body.offset) ?? []
        }
        do throws(JSONSyntaxError) {
            return Record(
                kind: kind, key: key, version: version, orderKey: orderKey, expiresAt: expiresAt,
                body: try JSONValue(parsing: bytes))
        } catch {
            throw StoreError(
                .corrupt, subject: "record \(quoted(kind)) \(quoted(key))", detail: error.description, cause: error)
        }
    }
}
