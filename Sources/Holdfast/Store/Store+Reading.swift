extension Store {
    /// The events of a history from a sequence on, page by page, each whole: spilled payloads are read from their blobs.
    /// - Throws: `notFound`, and what `history` and `readBlob` throw.
    public func forEachEvent(
        of history: HistoryID, from first: Int64 = 1, xcomTask: TaskID? = nil,
        _ body: (Event) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        var next = first
        while true {
            let query = HistoryQuery(history, from: next, xcomTask: xcomTask)
            let page = try await self.history(query)
            for event in page.elements { try await body(try await resolve(event)) }
            guard page.elements.count == query.limit, let last = page.elements.last else { return }
            next = last.sequence + 1
        }
    }

    /// The events of a history, collected.
    public func events(
        of history: HistoryID, from first: Int64 = 1, xcomTask: TaskID? = nil
    ) async throws(StoreError) -> [Event] {
        var events: [Event] = []
        try await forEachEvent(of: history, from: first, xcomTask: xcomTask) { event throws(StoreError) in
            events.append(event)
        }
        return events
    }

    /// A run's state, folded from its whole history, or from as much of it as a sequence says.
    public func fold(_ run: RunID, upTo last: Int64 = .max) async throws(StoreError) -> RunFold {
        var fold = RunFold(id: run)
        try await forEachEvent(of: .run(run)) { event throws(StoreError) in
            if event.sequence <= last { try fold.apply(event) }
        }
        return fold
    }

    /// A process, folded from its whole history.
    public func fold(_ process: ProcessID) async throws(StoreError) -> ProcessFold {
        var fold = ProcessFold(id: process)
        try await forEachEvent(of: .process(process)) { event throws(StoreError) in try fold.apply(event) }
        return fold
    }

    /// The summary of one run or process.
    /// - Throws: `notFound`.
    public func summary(of history: HistoryID) async throws(StoreError) -> Summary {
        let page = try await summaries(SummaryQuery(kind: history.kind, ids: [history.id], limit: 1))
        guard let summary = page.elements.first else { throw StoreError(.notFound, subject: history.description) }
        return summary
    }

    /// The event with its payload read back from its blob, when it was too large for the history.
    public func resolve(_ event: Event) async throws(StoreError) -> Event {
        guard case .spilled(let spilled) = event.payload else { return event }
        var whole = event
        whole.payload = try EventCodec.decode(try await readBlob(spilled.digest))
        guard whole.payload.type == spilled.type else {
            throw StoreError(
                .corrupt, subject: "event \(event.sequence), blob \(spilled.digest)",
                detail: "it holds \(whole.payload.type), not \(spilled.type)")
        }
        return whole
    }
}
