import Holdfast
import HoldfastLocal

// Showing AI processes.

extension ReadableFiles {
    /// How many processes are kept folded.
    private static let maximumShown = 64

    /// Brings the files of a process up to its history.
    func show(_ process: ProcessID) async throws(StoreError) {
        let began = ContinuousClock.now
        let position = cursor
        guard let summary = try await summary(of: .process(process)) else { return try hide(process) }
        var shown = processes.removeValue(forKey: process) ?? ProcessFiles(process, files)
        try await shown.readNews(store, position: position)
        if try shown.isBehind(summary) { try shown.write(summary, position: position) }
        own.shown(.process(process), upTo: shown.read)
        shown.pause(max(configuration.interval, (ContinuousClock.now - began) * 9))
        if processes.count >= Self.maximumShown, let oldest = processes.values.min(by: { $0.rest < $1.rest }) {
            processes[oldest.process] = nil
        }
        processes[process] = shown
    }

    /// Removes the files of a process that is no more.
    func hide(_ process: ProcessID) throws(StoreError) {
        processes[process] = nil
        try files.remove(ProcessFiles.page(process))
        try files.remove(ProcessFiles.turns(process))
        own.shown(.process(process), upTo: nil)
    }

    /// Of whom there are files.
    func shownProcesses() throws(StoreError) -> Set<ProcessID> {
        var shown: Set<ProcessID> = []
        for name in try files.names(in: "processes") {
            for suffix in [".turns.jsonl", ".json"] where name.hasSuffix(suffix) {
                if let process = ProcessID(rawValue: String(name.dropLast(suffix.count))) { shown.insert(process) }
            }
        }
        return shown
    }

    /// Shows a process anew unless its files show its whole history.
    func mend(_ process: ProcessID, _ summary: Summary) async throws(StoreError) {
        // What has changed since is shown without this.
        guard dirty[.process(process)] == nil, try await !isWhole(process, summary) else { return }
        try hide(process)
        try await show(process)
    }

    private func isWhole(_ process: ProcessID, _ summary: Summary) async throws(StoreError) -> Bool {
        guard let bytes = try files.read(ProcessFiles.page(process)), let page = ReadableJSON.object(bytes),
            let header = PageHeader(bytes), header.state == ProcessSummary(summary).status.rawValue,
            try await isEnd(header.asOf, of: .process(process), at: page["updated_at"])
        else { return false }
        var count: Int64 = 0
        var isWhole = true
        var turns = LineFile(files, ProcessFiles.turns(process))
        try turns.repair()
        try turns.forEachLine { line throws(StoreError) in
            count += 1
            if ReadableJSON.object(line)?["turn"]?.intValue != count { isWhole = false }
        }
        return isWhole && page["conversation_turns"]?.intValue == count
    }

    /// Whether this is the last event of a history, with this time.
    func isEnd(_ sequence: Int64, of history: HistoryID, at time: JSONValue?) async throws(StoreError) -> Bool {
        let news = try await store.history(HistoryQuery(history, from: max(1, sequence), limit: 2)).elements
        return news.count == 1 && news.first?.sequence == sequence && news.first?.time.description == time?.stringValue
    }
}
