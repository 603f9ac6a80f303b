import Holdfast

extension Contents {
    func history(_ query: HistoryQuery) throws(StoreError) -> Page<Event> {
        guard let history = histories[query.history] else {
            throw StoreError(.notFound, subject: query.history.description)
        }
        let behind = history.events.dropFirst(Int(max(0, query.from - 1))).lazy.map(\.event)
        guard let task = query.xcomTask else { return Page(Array(behind.prefix(query.limit))) }
        return Page(Array(behind.filter { $0.payload.xcomTask == task }.prefix(query.limit)))
    }

    /// Clamped to the blob's size.
    func bytes(of digest: Digest, range: Range<Int64>?) throws(StoreError) -> [UInt8] {
        guard let blob = blobs[digest] else { throw StoreError(.notFound, subject: "blob \(digest)") }
        guard let range else { return blob.bytes }
        let wanted = range.clamped(to: 0..<Int64(blob.bytes.count))
        return Array(blob.bytes[Int(wanted.lowerBound)..<Int(wanted.upperBound)])
    }
}
