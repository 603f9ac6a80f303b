import Holdfast
import HoldfastLocal

// Following the feed, a stretch of work at a time.

extension ReadableFiles {
    static let subject = "readable files"

    func follow() async {
        var pause = configuration.settling
        while await sleep(pause) { pause = await hasWork ? stretch() : configuration.interval }
    }

    /// Whether only something new gives it work.
    var isIdle: Bool { dirty.isEmpty && rebuild == nil && unlisted.isEmpty && !own.hasRecords && state != nil }

    private var isTimeToLook: Bool { ContinuousClock.now - lastLook > .seconds(5) || !hasLooked }

    // Asked for now and then: a store that is made to wait for news of other processes would ask for it much more often.
    private var hasWork: Bool {
        get async {
            guard isIdle, !isTimeToLook else { return true }
            do throws(StoreError) {
                return try await !store.feed(FeedQuery(.after(cursor), limit: 1)).entries.isEmpty
            } catch {
                // Working meets it again, and says so.
                return true
            }
        }
    }

    /// Does what there is to do, for a while.
    /// - Returns: how long to rest: a tenth of the time is for the files while the store is busy, else half of it.
    func stretch() async -> Duration {
        let began = ContinuousClock.now
        await attempt(Self.subject) { () throws(StoreError) in
            // Whoever has the lock is at the same work.
            _ = try await withLock(patience: .zero) { await work(until: began + configuration.stretch) }
        }
        let taken = ContinuousClock.now - began
        return min(max(configuration.interval, taken * (news > 500 ? 9 : 1)), .seconds(10))
    }

    private func work(until deadline: ContinuousClock.Instant) async {
        guard await takeNote(until: .now + configuration.stretch / 2) else { return }
        await lookForChangesWithoutEvents()
        await showDirty(until: deadline)
        await showRecords()
        if dirty.isEmpty {
            await compareSizes()
            await rebuild(until: deadline)
        }
        await tidyList()
        await attempt(Self.subject) { () throws(StoreError) in try saveState() }
    }

    /// What is done before closing: this process's own runs, as far as patience reaches; everything, if that takes no time.
    func finish() async {
        await attempt(Self.subject) { () throws(StoreError) in
            let hadLock = try await withLock(patience: configuration.patience) { await showOwn() }
            guard !hadLock else { return }
            throw StoreError(
                .unavailable, subject: "\(files.root)/.views/lock",
                detail:
                    "another process has kept it for \(configuration.patience); the next one to open the store goes on")
        }
    }

    private func showOwn() async {
        guard await takeNote(until: .now + .seconds(1)) else { return }
        let deadline = ContinuousClock.now + configuration.patience
        for history in own.histories.keys.sorted() where ContinuousClock.now < deadline { await show(history) }
        await showRecords(isLast: true)
        await showDirty(until: .now + .seconds(2), isLast: true)
        if dirty.isEmpty {
            await compareSizes()
            await rebuild(until: .now + .milliseconds(250))
        }
        await tidyList(isLast: true)
        await attempt(Self.subject) { () throws(StoreError) in try saveState() }
    }

    func lookThrough() async {
        await attempt(Self.subject) { () throws(StoreError) in
            var isBegun = false
            repeat {
                let hadLock = try await withLock(patience: configuration.patience) {
                    guard await takeNote(until: .distantFuture) else { return }
                    await lookForChangesWithoutEvents()
                    await showDirty(until: .distantFuture, isLast: true)
                    await showRecords()
                    if !isBegun { rebuild = Rebuild() }
                    isBegun = true
                    await rebuild(until: .now + configuration.stretch * 10)
                    await tidyList(isLast: true)
                    await attempt(Self.subject) { () throws(StoreError) in try saveState() }
                }
                guard hadLock else {
                    throw StoreError(
                        .unavailable, subject: "\(files.root)/.views/lock", detail: "another process keeps it")
                }
            } while rebuild != nil && problems[Self.subject] == nil
        }
    }
}

// MARK: - Noticing

extension ReadableFiles {
    /// Takes up the state of the folder and reads the feed from there on.
    private func takeNote(until deadline: ContinuousClock.Instant) async -> Bool {
        await attempt(Self.subject) { () throws(StoreError) in
            try await takeUpState()
            do throws(StoreError) {
                try await readFeed(until: deadline)
            } catch {
                guard error.code == .trimmed else { throw error }
                cursor = try await store.feed(FeedQuery(.now, limit: 1)).next
                rebuild = Rebuild()
            }
        }
    }

    private func readFeed(until deadline: ContinuousClock.Instant) async throws(StoreError) {
        news = 0
        var page: FeedPage
        repeat {
            let query = FeedQuery(.after(cursor))
            page = try await store.feed(query)
            for entry in page.entries {
                var dirt = dirty[entry.history] ?? Dirt(before: cursor)
                if entry.event == nil { dirt.wasDeleted = true }
                dirty[entry.history] = dirt
            }
            news += page.entries.count
            cursor = page.next
            guard page.entries.count == query.limit else { return }
        } while ContinuousClock.now < deadline
    }

    /// Goes on from what the last stretch left, another process's perhaps.
    private func takeUpState() async throws(StoreError) {
        let found = try files.read(ViewState.path).flatMap { ViewState($0) }
        guard found == nil || found != state else { return }
        let now = try await store.feed(FeedQuery(.now, limit: 1)).next
        dirty = [:]
        unlisted = [:]
        guard let found else {
            // A new store has nothing to look for.
            cursor = now
            rebuild = Rebuild()
            return
        }
        state = found
        rebuild = found.rebuild
        failed = found.failed
        cursor = min(found.position, now)
        // Positions that the store does not have yet were lost with their commits, in a power cut.
        guard found.bootID != configuration.bootID || found.position > now else { return }
        rebuild = Rebuild()
    }

    func saveState() throws(StoreError) {
        let open = dirty.values.map(\.before) + unlisted.values
        let new = ViewState(
            position: min(open.min() ?? cursor, cursor), rebuild: rebuild, failed: failed, bootID: configuration.bootID)
        guard new != state else { return }
        try files.replace(ViewState.path, with: new.bytes)
        state = new
    }

    /// What no event tells: that a worker died, and that a disk has space again.
    private func lookForChangesWithoutEvents() async {
        guard isTimeToLook else { return }
        lastLook = .now
        for history in failed where dirty[history] == nil { dirty[history] = Dirt(before: cursor) }
        await attempt(Self.subject) { () throws(StoreError) in
            for kind in HistoryID.Kind.allCases {
                var query = SummaryQuery(kind: kind, states: [.interrupted], limit: SummaryQuery.maximumLimit)
                repeat {
                    let page = try await store.summaries(query)
                    for summary in page.elements where dirty[summary.id] == nil {
                        if try shownState(of: summary.id) != summary.shownState {
                            dirty[summary.id] = Dirt(before: cursor)
                        }
                    }
                    query.cursor = page.nextCursor
                } while query.cursor != nil
            }
        }
    }

    private func shownState(of history: HistoryID) throws(StoreError) -> String? {
        switch history {
        case .run(let run): try header(RunFolder.page(run))?.state
        case .process(let process): try header(ProcessFiles.page(process))?.state
        }
    }

    func header(_ page: String) throws(StoreError) -> PageHeader? {
        try files.read(page, count: PageHeader.size).flatMap { PageHeader($0) }
    }
}

extension Summary {
    fileprivate var shownState: String {
        id.kind == .process ? ProcessSummary(self).status.rawValue : visibleState.rawValue
    }
}

extension ContinuousClock.Instant {
    /// A year from now.
    static var distantFuture: ContinuousClock.Instant { .now + .seconds(31_536_000) }
}
