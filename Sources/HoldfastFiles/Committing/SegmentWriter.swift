import Holdfast
import HoldfastLocal

/// Writes batches at the end of the journal, and begins new segments. Under the append lock.
///
/// Space is filled with newlines and brought to the disk before it is needed, so that an append only changes blocks that the file
/// has already and its fdatasync writes nothing but them.
final class SegmentWriter: @unchecked Sendable {
    // Unchecked: only used by the thread of the commit line.

    private let journal: Journal
    private var segment: Segment?
    /// Up to where the file is filled, as far as this writer knows.
    private var filledTo: Int64 = 0
    /// Since this writer was made: a process that commits once or twice does not fill anything.
    private var writes = 0

    /// At which size a segment is followed by the next.
    static let segmentSize: Int64 = 4 << 20
    private static let firstFilling: Int64 = 128 << 10
    private static let filling: Int64 = 1 << 20
    private static let writesBeforeFilling = 8

    init(_ journal: Journal) { self.journal = journal }

    var generation: UInt64 { segment?.header.generation ?? 0 }

    /// Goes to the segment that the next batch is written to. A failure is met again by `write`.
    func prepare() {
        let (end, current) = journal.withIndex { ($0.end, $0.segments[$0.end.segment]) }
        if current?.header != segment?.header { enter(current) }
        guard end.offset >= Self.segmentSize else { return }
        do throws(StoreError) {
            try journal.beginSegment()
            enter(journal.withIndex { $0.segments[$0.end.segment] })
        } catch {
            failure = error
        }
    }

    private var failure: StoreError?

    private func enter(_ segment: Segment?) {
        self.segment = segment
        filledTo = 0
    }

    /// Appends a batch; it is on the disk when this returns, unless the store was opened for less.
    /// - Throws: `full` and others: nothing of it is there; `outcomeUnknown`: nobody can say.
    /// - Returns: where it begins.
    func write(_ lines: [UInt8]) throws(StoreError) -> JournalEnd {
        defer { failure = nil }
        if let failure { throw failure }
        let start = journal.withIndex { $0.end }
        guard let file = segment?.file else {
            throw StoreError(.unavailable, subject: journal.folder.journal, detail: "it has no segment")
        }
        do throws(SystemCallError) {
            try fill(file, to: start.offset + Int64(lines.count))
            try file.write(lines, at: start.offset)
        } catch {
            throw undo(file, start, lines.count, error)
        }
        writes += 1
        guard journal.durability == .full else { return start }
        do throws(SystemCallError) {
            try file.syncContent()
        } catch {
            journal.refuseFurtherWrites(error.storeError)
            throw StoreError(
                .outcomeUnknown, subject: file.path,
                detail: "the commit failed on disk: \(error.storeError.detail ?? "")",
                cause: error)
        }
        return start
    }

    private func fill(_ file: any OpenFile, to needed: Int64) throws(SystemCallError) {
        guard journal.durability == .full, needed > filledTo, writes >= Self.writesBeforeFilling else { return }
        let size = max(try file.status().size, filledTo)
        filledTo = max(filledTo, size)
        guard needed > size else { return }
        let step = size < Self.filling ? Self.firstFilling : Self.filling
        let target = needed + step
        try file.write([UInt8](repeating: UInt8(ascii: "\n"), count: Int(target - size)), at: size)
        do throws(SystemCallError) {
            try file.sync()
        } catch {
            journal.refuseFurtherWrites(error.storeError)
            throw error
        }
        filledTo = target
    }

    /// Takes back what a failed write may have left.
    private func undo(_ file: any OpenFile, _ start: JournalEnd, _ count: Int, _ cause: SystemCallError) -> StoreError {
        do throws(SystemCallError) {
            let size = try file.status().size
            let blanks = Int(max(0, min(size - start.offset, Int64(count))))
            try file.write([UInt8](repeating: UInt8(ascii: "\n"), count: blanks), at: start.offset)
            try file.sync()
        } catch {
            journal.refuseFurtherWrites(error.storeError)
            return StoreError(
                .outcomeUnknown, subject: file.path,
                detail: "the commit failed on disk and could not be taken back: \(cause.storeError.detail ?? "")",
                cause: cause)
        }
        return cause.storeError
    }
}
