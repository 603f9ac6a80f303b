import Holdfast
import HoldfastLocal

// The index as a base holds it.

extension Index {
    /// Reads a base. What is damaged in it is left out and reported.
    /// - Throws: `corrupt` when nothing of it can be read.
    init(
        base number: Int, in folder: StoreFolder, on fileSystem: any FileSystem
    ) throws(StoreError) {
        let path = folder.base(number)
        let file = try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.open(path, .readOnly) }
        base = file
        baseNumber = number
        baseBytes = try mappingSystemErrors { () throws(SystemCallError) in try file.status().size }
        var reading = BaseReading(number: number)
        var scanner = LineScanner(file, from: 0)
        while true {
            let offset = scanner.offset
            do throws(ScanFailure<LineProblem>) {
                let read: Void? = try scanner.next { line throws(LineProblem) in
                    try add(line, at: offset, &reading)
                }
                guard read != nil else { break }
            } catch {
                if case .file(let error) = error { throw error }
                guard case .body(let problem) = error, reading.header != nil else {
                    throw StoreError(.corrupt, subject: path, detail: "line 1 is damaged")
                }
                reading.line += 1
                damages.append(Damage(base: number, "line \(reading.line): \(problem.reason)"))
            }
        }
        guard let header = reading.header else { throw StoreError(.corrupt, subject: path, detail: "it is empty") }
        if !reading.isComplete { damages.append(Damage(base: number, "its end is missing")) }
        baseGeneration = header.generation
        position = header.position
        feedPosition = header.feedPosition
        trimmed = header.feedPosition
        lastToken = header.lastToken
        end = JournalEnd(segment: Int32(number), offset: header.segmentEnd)
        lastBatch = end
    }

    /// How far the reading of a base has come.
    private struct BaseReading {
        var number: Int
        var header: BaseHeader?
        var line: Int64 = 0
        var isComplete = false
    }

    private mutating func add(
        _ line: UnsafeRawBufferPointer, at offset: Int64, _ reading: inout BaseReading
    ) throws(LineProblem) {
        guard let header = reading.header else {
            reading.header = try BaseHeader(line, number: reading.number)
            return
        }
        let head = try LineHead(line, generation: header.generation)
        guard head.position == reading.line + 1 else { throw LineProblem("it is line \(head.position)") }
        var reader = LineReader(line, from: head.size)
        try reader.expect(UInt8(ascii: ","))
        switch try reader.name() {
        case "run": try add(.run(try reader.identifier()), &reader, offset, line.count)
        case "process": try add(.process(try reader.identifier()), &reader, offset, line.count)
        case "worker":
            let worker = try reader.worker()
            workers[worker.info.id] = worker
        case "record":
            let (record, version) = try reader.recordEntry()
            guard let content = record.content else { throw LineProblem("a record without a body") }
            let body = FilePlace(
                segment: 0, length: Int32(content.range.count), offset: offset + Int64(content.range.lowerBound))
            records[Bytes(record.kind), default: RecordKind()].put(
                Bytes(record.key),
                StoredRecord(version: version, orderKey: content.orderKey, expiresAt: content.expiresAt, body: body))
        case "receipt": try addReceipt(&reader)
        case "lines":
            guard try reader.int() == reading.line else { throw LineProblem("it counts other lines") }
            reading.isComplete = true
        default: try reader.skipValue()
        }
        reading.line += 1
    }

    private mutating func add(
        _ id: HistoryID, _ reader: inout LineReader, _ offset: Int64, _ length: Int
    ) throws(LineProblem) {
        let columns = try BaseColumns(id, &reader)
        guard slots[id] == nil else { throw LineProblem("\(id) is there twice") }
        var entry = columns.entry
        entry.dag = dags.number(of: columns.dag)
        entry.workspace = columns.workspace.map { workspaces.number(of: $0) } ?? -1
        entry.baseOffset = offset
        entry.baseLength = Int32(length)
        sealedBytes += entry.sealedBytes
        let slot = insert(entry, id, labels: columns.labels) { $0.append($1, $2) }
        guard columns.isHeld else { return }
        do throws(StoreError) {
            _ = try opened(slot)
        } catch {
            throw LineProblem(error.detail ?? error.description)
        }
    }

    private mutating func addReceipt(_ reader: inout LineReader) throws(LineProblem) {
        var id: ChangesetID?
        var until: Timestamp?
        var receipt = Receipt()
        try reader.members { reader, name throws(LineProblem) in
            switch name {
            case "id": id = try reader.changesetID()
            case "until": until = try reader.timestamp()
            case "position": receipt.position = FeedPosition(rawValue: try reader.int())
            case "versions":
                try reader.elements { element throws(LineProblem) in receipt.versions.append(try element.int()) }
            case "sequences":
                try reader.elements { element throws(LineProblem) in
                    var bounds: [Int64] = []
                    try element.elements { bound throws(LineProblem) in bounds.append(try bound.int()) }
                    guard bounds.count == 2, bounds[0] <= bounds[1] else { throw LineProblem("a range is none") }
                    receipt.sequences.append(bounds[0]...bounds[1])
                }
            default: try reader.skipValue()
            }
        }
        guard let id, let until else { throw LineProblem("a receipt without id or end") }
        receipts[id] = RememberedReceipt(receipt: receipt, until: until)
    }
}

extension Damage {
    init(base number: Int, _ problem: String) {
        self.init(JournalEnd(segment: 0, offset: Int64(number)), problem)
    }
}
