import Holdfast
import HoldfastLocal

/// Performs requests in batches: checks each against the index and what the batch has accepted already, writes all their lines at
/// once, brings them to the disk at once, and then tells the index. A refusal leaves nothing behind.
///
/// Only used by one thread at a time, that of the commit line.
final class Committer: @unchecked Sendable {
    let journal: Journal
    let liveness: Liveness
    let blobs: BlobFolder
    let options: StoreOptions
    let writer: SegmentWriter
    /// Before which everything in the journal was published by this committer: somebody else wrote when it is elsewhere.
    private var knownEnd = JournalEnd(segment: 0, offset: 0)

    // The batch at work.

    var now = Timestamp(milliseconds: 0)
    var heads = Heads()
    private var lines: [UInt8] = []
    private var accepted: [Accepted] = []
    private var nextPosition: Int64 = 0
    var nextToken: Int64 = 0
    /// Ids in the batch, as the index does not know them yet.
    private var ids: Set<ChangesetID> = []
    var recordVersions: [RecordName: (version: Int64, expiresAt: Timestamp?)] = [:]
    var workers: [WorkerID: Worker] = [:]
    private(set) var news = FeedBell.News()

    private struct Accepted {
        var ticket: WriteTicket?
        var reply: WriteReply
        var entry: JournalEntry
        var id: ChangesetID
        var position: Int64
        /// In the batch, where the entry's ranges count from.
        var textStart: Int
    }

    init(journal: Journal, liveness: Liveness, blobs: BlobFolder, options: StoreOptions) {
        self.journal = journal
        self.liveness = liveness
        self.blobs = blobs
        self.options = options
        writer = SegmentWriter(journal)
    }

    /// Leaves in each ticket what came of it. Blocks the thread.
    func perform(_ batch: [WriteTicket]) -> FeedBell.News {
        news = FeedBell.News()
        do throws(StoreError) {
            try journal.appending(timeout: options.busyTimeout) { () throws(StoreError) in
                begin()
                for ticket in batch {
                    do throws(StoreError) { try stage(ticket) } catch { ticket.reply = .failure(error) }
                }
                flush()
            }
        } catch {
            for ticket in batch where ticket.reply == nil { ticket.reply = .failure(error) }
        }
        return news
    }

    /// Looks at the index where nothing is waiting to be written.
    func settled<Value: Sendable>(_ body: (inout Index) throws(StoreError) -> Value) throws(StoreError) -> Value {
        flush()
        return try journal.withIndex(body)
    }

    private func begin() {
        now = options.clock.now()
        let (end, position, token) = journal.withIndex { ($0.end, $0.position, $0.lastToken) }
        if end == knownEnd {
            heads.trim()
        } else {
            heads.removeAll()
            news.hasOthers = true
        }
        knownEnd = end
        nextPosition = position + 1
        nextToken = token + 1
    }

    // MARK: - Accepting

    private func stage(_ ticket: WriteTicket) throws(StoreError) {
        try journal.checkWritable()
        switch ticket.request {
        case .commit(let encoded):
            if ids.contains(encoded.changeset.id) { flush() }
            let records = records(encoded.changeset.reads)
            if var receipt = try earlierReceipt(of: encoded) {
                receipt.records = records
                return ticket.reply = .success(.receipt(receipt))
            }
            try check(encoded)
            try accept(encoded, records, ticket)
        case .claim(let request):
            if ids.contains(request.id) { flush() }
            ticket.reply = try claim(request, ticket).map { .success(.leases($0)) }
        case .renew(let request): try renew(request, ticket)
        }
    }

    /// Adds a line to the batch.
    /// - Parameter extra: what stands before the text.
    /// - Returns: its position.
    func accept(
        _ text: EntryText, _ id: ChangesetID, extra: LineText? = nil, _ ticket: WriteTicket?,
        reply: (_ position: Int64) -> WriteReply
    ) {
        makeRoom()
        let start = lines.count
        let position = nextPosition
        let textStart = LineHead.addLine(
            to: &lines, id, at: position, beginsBatch: accepted.isEmpty && journal.durability == .full,
            generation: writer.generation, extra: extra, text: text.text)
        accepted.append(
            Accepted(
                ticket: ticket, reply: reply(position), entry: text.entry, id: id, position: position,
                textStart: start + textStart))
        nextPosition += text.entry.width
        ids.insert(id)
        if !text.entry.events.isEmpty || !text.entry.deletions.isEmpty {
            news.hasEntries = true
            if text.entry.events.contains(where: { $0.kind == .request }) { news.hasRequests = true }
        }
    }

    /// A batch is in one segment.
    private func makeRoom() {
        guard accepted.isEmpty else { return }
        writer.prepare()
    }

    // MARK: - Writing

    /// Writes what was accepted and answers it.
    func flush() {
        guard !accepted.isEmpty else { return }
        defer {
            lines.removeAll(keepingCapacity: true)
            accepted.removeAll(keepingCapacity: true)
            ids.removeAll(keepingCapacity: true)
            recordVersions.removeAll(keepingCapacity: true)
            workers.removeAll(keepingCapacity: true)
        }
        do throws(StoreError) {
            let start = try writer.write(lines)
            do throws(StoreError) { try publish(from: start) } catch { throw notShown(error) }
            for accepted in accepted { accepted.ticket?.reply = .success(accepted.reply) }
        } catch {
            heads.removeAll()
            news.hasEntries = false
            for accepted in accepted { accepted.ticket?.reply = .failure(error) }
            let (position, token) = journal.withIndex { ($0.position, $0.lastToken) }
            nextPosition = position + 1
            nextToken = token + 1
        }
    }

    /// It is written, but this process can't go on.
    private func notShown(_ error: StoreError) -> StoreError {
        journal.refuseFurtherWrites(error)
        return StoreError(.outcomeUnknown, subject: error.subject, detail: error.detail, cause: error)
    }

    /// What is on the disk becomes visible.
    private func publish(from start: JournalEnd) throws(StoreError) {
        knownEnd = JournalEnd(segment: start.segment, offset: start.offset + Int64(lines.count))
        try journal.withIndex { index throws(StoreError) in
            for accepted in accepted {
                let line = Index.Line(
                    id: accepted.id, position: accepted.position, segment: start.segment,
                    textOffset: start.offset + Int64(accepted.textStart))
                try index.apply(accepted.entry, at: line)
            }
            index.lastBatch = start
            index.end = knownEnd
            journal.publish(index)
        }
    }
}
