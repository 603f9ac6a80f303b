extension Store {
    /// The run or process of this id, else the only one whose id begins so.
    /// - Throws: `notFound`, with a similar id among the newest if there is one; `invalid` when several ids begin so, naming
    ///   up to five.
    func findSummary(_ kind: HistoryID.Kind, _ text: String) async throws(StoreError) -> Summary {
        let exact = try await summaries(SummaryQuery(kind: kind, ids: [text], limit: 1)).elements.first
        if let exact { return exact }
        let found = try await summaries(SummaryQuery(kind: kind, idPrefix: text, limit: 6))
        if found.elements.count == 1, found.nextCursor == nil, let only = found.elements.first { return only }
        let subject = "\(kind.rawValue) \(quoted(text))"
        guard found.elements.isEmpty else {
            let names = found.elements.prefix(5).map(\.id.id).joined(separator: ", ")
            let more = found.elements.count > 5 ? ", …" : ""
            throw StoreError(.invalid, subject: subject, detail: "several ids begin so: \(names)\(more)")
        }
        throw StoreError(.notFound, subject: subject, detail: try await nearestID(kind, to: text))
    }

    /// Advice: an id among the newest that is like this one.
    func nearestID(_ kind: HistoryID.Kind, to text: String) async throws(StoreError) -> String? {
        let newest = try await summaries(SummaryQuery(kind: kind, limit: 100)).elements.map(\.id.id)
        return Spelling.nearest(to: text, in: newest).map { "did you mean \($0)?" }
    }
}
