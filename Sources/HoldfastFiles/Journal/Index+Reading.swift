import Holdfast
import HoldfastLocal

// Going on through the files of the journal.

extension Index {
    /// Where the reading of the journal ended, and why.
    enum Stop: Sendable, Hashable {
        /// At the place asked for, or where nothing follows.
        case end
        /// At a line that is none, or that does not follow the one before it.
        case damage(Damage)
    }

    /// Applies the lines behind `end`, segment by segment.
    /// - Parameter limit: where to end; nil: where nothing whole follows.
    mutating func readOn(
        to limit: JournalEnd? = nil, in folder: StoreFolder, on fileSystem: any FileSystem
    ) throws(StoreError) -> Stop {
        while true {
            let nextSegment = try nextSegment(limit, in: folder, on: fileSystem)
            let segmentLimit = limit.flatMap { $0.segment == end.segment ? $0.offset : nil }
            let stop = try readSegment(to: segmentLimit ?? nextSegment?.header.previousEnd)
            guard stop == .end, let nextSegment else { return stop }
            if let gap = gap(before: nextSegment.header) { return .damage(gap) }
            enter(nextSegment)
        }
    }

    mutating func enter(_ segment: Segment) {
        if end.segment > baseNumber { closedBytes += end.offset }
        segments[segment.header.number] = segment
        end = JournalEnd(segment: segment.header.number, offset: segment.header.size)
        lastBatch = JournalEnd(segment: segment.header.number, offset: 0)
    }

    /// Nil: there is none, or it is not wanted.
    private func nextSegment(
        _ limit: JournalEnd?, in folder: StoreFolder, on fileSystem: any FileSystem
    ) throws(StoreError) -> Segment? {
        if let limit, limit.segment <= end.segment { return nil }
        do throws(StoreError) {
            return try Segment(end.segment + 1, in: folder, on: fileSystem)
        } catch {
            guard limit == nil, error.code == .notFound || error.code == .corrupt else { throw error }
            // At the end of the journal; whoever recovers it looks at what is there.
            return nil
        }
    }

    private func gap(before header: SegmentHeader) -> Damage? {
        if end.segment > 0, header.previousEnd != end.offset {
            return Damage(end, "segment \(header.number) begins behind byte \(header.previousEnd) of this one")
        }
        guard header.position == position else {
            return Damage(
                JournalEnd(segment: header.number, offset: 0),
                "it begins behind position \(header.position), not behind \(position)")
        }
        return nil
    }

    /// Applies the lines of one segment that follow without a gap.
    private mutating func readSegment(to limit: Int64?) throws(StoreError) -> Stop {
        guard let segment = segments[end.segment] else { return .end }
        var scanner = LineScanner(segment.file, from: end.offset, to: limit ?? .max)
        while limit.map({ end.offset < $0 }) ?? true {
            do throws(ScanFailure<StoreError>) {
                let length = try scanner.next { line throws(StoreError) in
                    if !line.isEmpty { try apply(line, of: segment.header) }
                    return line.count
                }
                guard let length, length > 0 else { return limit == nil ? .end : .damage(missing) }
                end.offset += Int64(length) + 1
            } catch {
                switch error {
                case .file(let error): throw error
                case .body(let error):
                    guard error.code == .corrupt else { throw error }
                    return .damage(Damage(end, error.detail ?? error.description))
                }
            }
        }
        return .end
    }

    private var missing: Damage { Damage(end, "a line is missing") }

    private mutating func apply(_ line: UnsafeRawBufferPointer, of header: SegmentHeader) throws(StoreError) {
        let decoded = Result { () throws(LineProblem) in
            let head = try LineHead(line, generation: header.generation)
            return (head, try JournalEntry(line, from: head.size))
        }
        let (head, entry): (LineHead, JournalEntry)
        do throws(LineProblem) {
            (head, entry) = try decoded.get()
        } catch {
            throw StoreError(.corrupt, subject: "line", detail: error.reason)
        }
        guard head.position == position + 1 else {
            throw StoreError(
                .corrupt, subject: "line", detail: "it has position \(head.position) behind position \(position)")
        }
        try apply(
            entry, at: Line(id: head.id, position: head.position, segment: header.number, textOffset: end.offset))
        if head.beginsBatch { lastBatch = end }
    }
}

/// Something in the journal that is not as it should be.
struct Damage: Error, Sendable, Hashable {
    var place: JournalEnd
    var problem: String

    init(_ place: JournalEnd, _ problem: String) {
        self.place = place
        self.problem = problem
    }
}
