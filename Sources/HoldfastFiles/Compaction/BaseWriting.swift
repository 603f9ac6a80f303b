import Holdfast
import HoldfastLocal

/// Writes an index as a base, and makes it the index of that base.
struct BaseWriting {
    let folder: StoreFolder
    let fileSystem: any FileSystem
    let number: Int
    let now: Timestamp

    /// Of files that were never finished.
    static let temporaryPrefix = "new-base-"

    /// - Parameter index: at the end of segment `number`, with all events in the files of their histories.
    func write(_ index: inout Index) throws(StoreError) {
        let path = "\(folder.journal)/\(Self.temporaryPrefix)\(number).jsonl"
        let file = try mappingSystemErrors { () throws(SystemCallError) in
            try fileSystem.remove(path)
            return try fileSystem.open(path, .createNew)
        }
        do throws(StoreError) {
            let header = BaseHeader(
                number: number, generation: .random(in: .min ... .max), position: index.position,
                feedPosition: index.feedPosition, lastToken: index.lastToken, segmentEnd: index.end.offset)
            let size = try writeLines(&index, behind: header, to: file)
            try mappingSystemErrors { () throws(SystemCallError) in
                try file.sync()
                try fileSystem.move(path, to: folder.base(number))
                try fileSystem.open(folder: folder.journal).sync()
            }
            index.begin(with: file, header, bytes: size)
        } catch {
            try mappingSystemErrors { () throws(SystemCallError) in _ = try fileSystem.remove(path) }
            throw error
        }
    }

    /// - Returns: how many bytes it takes.
    private func writeLines(
        _ index: inout Index, behind header: BaseHeader, to file: any OpenFile
    ) throws(StoreError) -> Int64 {
        var lines = BaseLines(file, generation: header.generation)
        lines.begin(header)
        for worker in index.workers.values.sorted(by: { $0.info.id < $1.info.id }) where isKept(worker, index) {
            try lines.add { text in
                text.worker(worker)
                text.raw("}")
            }
        }
        try writeRecords(&index, &lines)
        for (id, remembered) in index.receipts {
            if remembered.until > now {
                try lines.add { text in
                    text.receipt(remembered, of: id)
                    text.raw("}")
                }
            } else {
                index.receipts[id] = nil
            }
        }
        try writeHistories(&index, &lines)
        return try lines.end()
    }

    private func isKept(_ worker: Worker, _ index: Index) -> Bool {
        worker.expiresAt > now || index.holdings[worker.info.id].map { !$0.isEmpty } ?? false
    }

    private func writeRecords(_ index: inout Index, _ lines: inout BaseLines) throws(StoreError) {
        for (kind, records) in index.records {
            for (key, record) in records.byKey {
                guard !record.isExpired(at: now) else {
                    index.records[kind]?.remove(key)
                    continue
                }
                let document = try record.read(kind: kind.text, key: key.text, from: index.file(of: record.body))
                var range = 0..<0
                let offset = try lines.add { text in
                    text.raw(",\"record\":")
                    range = text.record(document, version: record.version).content?.range ?? range
                    text.raw("}")
                }
                var moved = record
                moved.body = FilePlace(
                    segment: 0, length: Int32(range.count), offset: offset + Int64(range.lowerBound))
                index.records[kind]?.put(key, moved)
            }
        }
    }

    /// Oldest first, as the lists will want them.
    private func writeHistories(_ index: inout Index, _ lines: inout BaseLines) throws(StoreError) {
        for kind in HistoryID.Kind.allCases {
            let key = ListKey(kind: kind, order: .created, filter: .all)
            index.lists[key]?.sort(index.ids)
            for place in index.lists[key] ?? SlotList() {
                let slot = Int(place.slot)
                let entry = index.entries[slot]
                let start: Int64
                if let open = entry.open {
                    start = try lines.add { $0.baseHistory(entry, open) } - lines.lastHead
                } else {
                    // As it was: all but the head, which tells the line's place.
                    let text = try index.baseText(of: place.slot)
                    start = try lines.add { $0.raw(text) } - lines.lastHead
                }
                index.entries[slot].baseOffset = start
                index.entries[slot].baseLength = Int32(lines.lastLength)
            }
        }
    }
}

/// Lines of a base on their way to the file.
private struct BaseLines {
    private static let piece = 1 << 20

    private let file: any OpenFile
    private let generation: UInt64
    private var buffer: [UInt8] = []
    private var written: Int64 = 0
    private var count: Int64 = 0
    /// Of the line added last: the bytes of its head, and of all of it without the newline.
    private(set) var lastHead: Int64 = 0
    private(set) var lastLength = 0

    init(_ file: any OpenFile, generation: UInt64) {
        self.file = file
        self.generation = generation
    }

    mutating func begin(_ header: BaseHeader) { buffer += header.bytes() }

    /// - Returns: where the text begins, in the file.
    @discardableResult
    mutating func add(_ write: (inout LineText) -> Void) throws(StoreError) -> Int64 {
        var text = LineText(reserving: 512)
        write(&text)
        let start = written + Int64(buffer.count)
        count += 1
        let head = LineHead.addLine(
            to: &buffer, ChangesetID(high: 0, low: 0), at: count, beginsBatch: true, generation: generation, text: text)
        lastHead = Int64(head)
        lastLength = Int(written) + buffer.count - Int(start) - 1
        if buffer.count >= Self.piece { try flush() }
        return start + Int64(head)
    }

    mutating func end() throws(StoreError) -> Int64 {
        let lines = count
        try add { text in
            text.raw(",\"lines\":")
            text.number(lines)
            text.raw("}")
        }
        try flush()
        return written
    }

    private mutating func flush() throws(StoreError) {
        try mappingSystemErrors { [file, buffer, written] () throws(SystemCallError) in
            try file.write(buffer, at: written)
        }
        written += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }
}

extension LineText {
    /// `,"receipt":{…}`
    fileprivate mutating func receipt(_ remembered: RememberedReceipt, of id: ChangesetID) {
        raw(",\"receipt\":{\"id\":\"")
        id.withText { raw($0) }
        raw("\",\"until\":")
        number(remembered.until.milliseconds)
        if let position = remembered.receipt.position {
            raw(",\"position\":")
            number(position.rawValue)
        }
        array("versions", remembered.receipt.versions) { $0.number($1) }
        array("sequences", remembered.receipt.sequences) { text, range in
            text.raw("[")
            text.number(range.lowerBound)
            text.raw(",")
            text.number(range.upperBound)
            text.raw("]")
        }
        raw("}")
    }
}

extension Index {
    /// Nothing but what the base holds is left in memory, and of histories what a worker still holds.
    fileprivate mutating func begin(with base: any OpenFile, _ header: BaseHeader, bytes: Int64) {
        self.base = base
        baseNumber = header.number
        baseGeneration = header.generation
        baseBytes = bytes
        trimmed = feedPosition
        rows = []
        deleted = [:]
        deletedFiles = []
        segments = [:]
        closedBytes = 0
        for slot in slots.values where holder(of: slot) == nil { entries[Int(slot)].open = nil }
    }
}
