import Holdfast
import HoldfastLocal

// Showing runs.

extension ReadableFiles {
    /// How many unfinished runs are kept folded.
    private static let maximumFolders = 256

    /// Shows what has changed, in the order in which it was noticed.
    /// - Parameter isLast: also runs that were written a moment ago.
    func showDirty(until deadline: ContinuousClock.Instant, isLast: Bool = false) async {
        for (history, dirt) in dirty.sorted(by: { $0.value.before < $1.value.before }) {
            guard ContinuousClock.now < deadline else { return }
            guard isLast || isDue(history) else { continue }
            await show(history, wasDeleted: dirt.wasDeleted, before: dirt.before)
            // Cut off when it was cancelled: still to be shown.
            guard !Task.isCancelled else { return }
            dirty[history] = nil
        }
    }

    private func isDue(_ history: HistoryID) -> Bool {
        let rest =
            switch history {
            case .run(let run): folders[run]?.rest
            case .process(let process): processes[process]?.rest
            }
        return rest.map { $0 < .now } ?? true
    }

    func show(_ history: HistoryID, wasDeleted: Bool = false, before: FeedPosition? = nil) async {
        let isShown = await attempt(history.description) { () throws(StoreError) in
            switch history {
            case .run(let run):
                if wasDeleted { try hide(run, before: before ?? cursor) }
                try await show(run)
            case .process(let process):
                if wasDeleted { try hide(process) }
                try await show(process)
            }
        }
        if isShown { failed.remove(history) } else if !Task.isCancelled { failed.insert(history) }
    }

    /// Brings the files of a run up to its history.
    func show(_ run: RunID) async throws(StoreError) {
        let began = ContinuousClock.now
        let position = cursor
        guard let summary = try await summary(of: .run(run)) else { return try hide(run, before: position) }
        var folder = folders.removeValue(forKey: run) ?? RunFolder(run, files)
        try await folder.readNews(store, position: position)
        let pages = folder.pages(summary, position: position)
        let knowsEnd = listed == nil ? folder.header?.asOf == folder.read : try isListed(run, pages.end)
        let needsLine = folder.hasEnded && !knowsEnd
        if folder.isBehind(summary) || needsLine {
            if needsLine {
                try list.append(pages.line)
                listed?[run] = pages.end
            }
            let failure = await writeArtifacts(of: &folder)
            try folder.write(pages)
            if let failure { throw failure }
        }
        own.shown(.run(run), upTo: folder.read)
        guard !folder.hasEnded else { return }
        folder.pause(max(configuration.interval, (ContinuousClock.now - began) * 9))
        keep(folder)
    }

    private func writeArtifacts(of folder: inout RunFolder) async -> StoreError? {
        do throws(StoreError) {
            try await folder.writeArtifacts(store)
            return nil
        } catch {
            return error
        }
    }

    private func keep(_ folder: RunFolder) {
        if folders.count >= Self.maximumFolders, let oldest = folders.values.min(by: { $0.rest < $1.rest }) {
            folders[oldest.run] = nil
        }
        folders[folder.run] = folder
    }

    func summary(of history: HistoryID) async throws(StoreError) -> Summary? {
        try await store.summaries(SummaryQuery(kind: history.kind, ids: [history.id], limit: 1)).elements.first
    }

    /// Removes the files of a run that is no more.
    func hide(_ run: RunID, before position: FeedPosition) throws(StoreError) {
        folders[run] = nil
        unlisted[run] = min(unlisted[run] ?? position, position)
        try files.remove(RunFolder.path(run))
        own.shown(.run(run), upTo: nil)
    }

    /// Takes the lines of runs that are no more out of `runs.jsonl`, now and then: it is written anew for it.
    func tidyList(isLast: Bool = false) async {
        guard !unlisted.isEmpty, isLast || ContinuousClock.now >= nextTidying else { return }
        let began = ContinuousClock.now
        await attempt(RunList.path) { () throws(StoreError) in
            // The same id may have been given again.
            let kept = try await kept(.run, unlisted.keys.map(\.rawValue))
            try list.tidy(without: Set(unlisted.keys.filter { !kept.contains($0.rawValue) }))
            unlisted = [:]
        }
        nextTidying = .now + (ContinuousClock.now - began) * 20
    }

    /// Which of these are in the store.
    func kept(_ kind: HistoryID.Kind, _ ids: [String]) async throws(StoreError) -> Set<String> {
        var kept: Set<String> = []
        var rest = ids[...]
        while !rest.isEmpty {
            let part = rest.prefix(SummaryQuery.maximumLimit)
            rest = rest.dropFirst(part.count)
            let query = SummaryQuery(kind: kind, ids: Array(part), limit: SummaryQuery.maximumLimit)
            for summary in try await store.summaries(query).elements { kept.insert(summary.id.id) }
        }
        return kept
    }
}
