package import Holdfast

/// What a reader finds in a store, positions aside.
package struct VisibleState: Equatable, Sendable {
    package struct History: Equatable, Sendable {
        package var summary: Summary
        package var events: [Event]
    }

    package var histories: [HistoryID: History] = [:]
    package var records: [String: Record] = [:]

    package static let recordKind = "doc"

    package init() {}

    package init(of store: any Store) async throws {
        for summary in try await store.summaries(SummaryQuery(limit: SummaryQuery.maximumLimit)).elements {
            histories[summary.id] = History(summary: summary, events: try await store.events(of: summary.id))
        }
        try await readRecords(of: store)
    }

    /// Reads again what an act may have changed.
    mutating func update(_ changed: Set<HistoryID>, from store: any Store) async throws {
        let ids = changed.map(\.id)
        let summaries = try await store.summaries(SummaryQuery(ids: ids, limit: SummaryQuery.maximumLimit)).elements
        for id in changed { histories[id] = nil }
        for summary in summaries {
            histories[summary.id] = History(summary: summary, events: try await store.events(of: summary.id))
        }
        try await readRecords(of: store)
    }

    private mutating func readRecords(of store: any Store) async throws {
        let page = try await store.records(RecordQuery(kind: Self.recordKind, limit: RecordQuery.maximumLimit))
        records = Dictionary(page.elements.map { ($0.key, $0) }) { _, last in last }
    }

    /// In what this differs from another, in short.
    package func differences(from other: VisibleState) -> String {
        var lines: [String] = []
        for id in Set(histories.keys).union(other.histories.keys).sorted() {
            let (here, there) = (histories[id], other.histories[id])
            guard here != there else { continue }
            let events = "\(here?.events.count ?? -1) events against \(there?.events.count ?? -1)"
            lines.append("\(id): \(events), summaries \(here?.summary == there?.summary ? "equal" : "differ")")
        }
        if records != other.records { lines.append("records differ") }
        return lines.joined(separator: "; ")
    }
}
