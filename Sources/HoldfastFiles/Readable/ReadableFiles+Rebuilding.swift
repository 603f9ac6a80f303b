import Holdfast
import HoldfastLocal

// Looking through all the files for what is missing, behind or damaged.

extension ReadableFiles {
    private static let pageLimit = 100
    /// Bytes of an artifact up to which it is hashed.
    private static let hashedSize: Int64 = 1 << 20

    /// Whole folders may have been deleted while nobody looked.
    func compareSizes() async {
        guard !hasLooked, rebuild == nil else { return }
        await attempt("runs") { () throws(StoreError) in
            let counts = try await store.counts(CountQuery())
            let runs = try files.names(in: "runs").count(where: RunID.isValid)
            let isListed = try list.isThere || !counts.contains { $0.state.isTerminal }
            let processes = try shownProcesses().count
            let kept = try await store.counts(CountQuery(kind: .process)).reduce(0) { $0 + $1.count }
            // Runs that came meanwhile would be missed among the files.
            guard try await store.feed(FeedQuery(.now, limit: 1)).next == cursor else { return }
            hasLooked = true
            guard isListed, counts.reduce(0, { $0 + $1.count }) == runs, processes == kept else {
                return rebuild = Rebuild()
            }
        }
    }

    /// Goes on looking through the files.
    func rebuild(until deadline: ContinuousClock.Instant) async {
        // Another process may have come to the end of it.
        guard rebuild != nil else { return listed = nil }
        // What is removed to be made again is missing for a moment: whoever is killed in it has said so.
        guard await attempt(Self.subject, { () throws(StoreError) in try saveState() }) else { return }
        while let step = rebuild, ContinuousClock.now < deadline {
            guard await attempt("looking through the files", { () throws(StoreError) in try await perform(step) })
            else {
                return
            }
        }
        if rebuild == nil { listed = nil }
    }

    private func perform(_ step: Rebuild) async throws(StoreError) {
        if listed == nil || step.phase == .tidying {
            try list.tidy()
            listed = try list.index()
        }
        switch step.phase {
        case .tidying:
            try files.removeDrafts()
            rebuild = Rebuild(phase: .ended)
        case .ended: try await mend(step, SummaryQuery(order: .ended, ascending: true), then: .others)
        case .others: try await mend(step, SummaryQuery(ascending: true), then: .processes)
        case .processes: try await mend(step, SummaryQuery(kind: .process, ascending: true), then: .strays)
        case .strays:
            try await hideStrays()
            rebuild = nil
        }
    }

    private func mend(
        _ step: Rebuild, _ query: SummaryQuery, then next: Rebuild.Phase
    ) async throws(StoreError) {
        var query = query
        query.limit = Self.pageLimit
        query.cursor = step.cursor
        let page: Page<Summary>
        do throws(StoreError) {
            page = try await store.summaries(query)
        } catch {
            guard error.code == .invalidCursor else { throw error }
            // Of another version.
            rebuild = Rebuild(phase: step.phase)
            return
        }
        for summary in page.elements {
            // Runs that have ended were seen to in that order.
            guard step.phase != .others || summary.folded.endedAt == nil else { continue }
            let isMended = await attempt(summary.id.description) { () throws(StoreError) in
                switch summary.id {
                case .run(let run): try await mend(run, summary)
                case .process(let process): try await mend(process, summary)
                }
            }
            if !isMended { failed.insert(summary.id) }
        }
        rebuild = page.nextCursor.map { Rebuild(phase: step.phase, cursor: $0) } ?? Rebuild(phase: next)
    }

    private func mend(_ run: RunID, _ summary: Summary) async throws(StoreError) {
        // What has changed since is shown without this.
        guard dirty[.run(run)] == nil else { return }
        let header = try header(RunFolder.page(run))
        let isWhole = try await self.isWhole(run, header, summary)
        var isListed = !summary.folded.state.isTerminal
        if !isListed, let asOf = header?.asOf {
            isListed = try self.isListed(run, RunEnd(asOf: asOf, endedAt: summary.folded.endedAt?.description))
        }
        guard !isWhole || !isListed else { return }
        if !isWhole {
            folders[run] = nil
            try files.remove(RunFolder.path(run))
        }
        try await show(run)
    }

    /// Whether the list has this end of a run, while the files are looked through.
    func isListed(_ run: RunID, _ end: RunEnd) throws(StoreError) -> Bool {
        if listed?[run] == end { return true }
        // By another process, since the lines were read?
        if try !list.isAsLeft() { listed = try list.index() }
        return listed?[run] == end
    }

    /// Whether the files of a run are all there and show its whole history.
    private func isWhole(
        _ run: RunID, _ header: PageHeader?, _ summary: Summary
    ) async throws(StoreError) -> Bool {
        let path = RunFolder.path(run)
        guard let header, header.state == summary.visibleState.rawValue || summary.folded.asOf < header.asOf,
            let page = try files.read("\(path)/run.json"), let members = ReadableJSON.object(page),
            try await endsRight(run, at: header.asOf)
        else { return false }
        for artifact in members["artifacts"]?.arrayValue ?? [] {
            guard let key = artifact["key"]?.stringValue, let size = artifact["size"]?.intValue,
                try files.size(of: "\(path)/artifacts/\(key)") == size
            else { return false }
            guard size <= Self.hashedSize else { continue }
            let digest = try files.digest(of: "\(path)/artifacts/\(key)")
            guard digest?.hexadecimal == artifact["digest"]?.stringValue else { return false }
        }
        return true
    }

    /// Whether the last line of a run's events is the last event of its history.
    private func endsRight(_ run: RunID, at sequence: Int64) async throws(StoreError) -> Bool {
        var lines = LineFile(files, "\(RunFolder.path(run))/events.jsonl")
        guard let last = try lines.lastLine(), let shown = ReadableJSON.object(last),
            shown["sequence"]?.intValue == sequence
        else { return false }
        guard try await isEnd(sequence, of: .run(run), at: shown["time"]) else { return false }
        var count: Int64 = 0
        var isWhole = true
        try lines.forEachLine { line throws(StoreError) in
            count += 1
            if EventLine.sequence(of: line) != count || line.hasHole { isWhole = false }
        }
        return isWhole && count == sequence
    }

    private func hideStrays() async throws(StoreError) {
        let runs = Set(try files.names(in: "runs").compactMap(RunID.init(rawValue:))).union((listed ?? [:]).keys)
        let keptRuns = try await kept(.run, runs.map(\.rawValue))
        for run in runs where !keptRuns.contains(run.rawValue) { try hide(run, before: cursor) }
        let processes = try shownProcesses()
        let keptProcesses = try await kept(.process, processes.map(\.rawValue))
        for process in processes where !keptProcesses.contains(process.rawValue) { try hide(process) }
    }
}
