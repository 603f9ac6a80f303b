import Holdfast
import HoldfastLocal

/// The file of one history: its events up to a compaction, a line each, which says everything about the event alone.
///
/// `{"id":"<checksum><changeset>","at":<position>,"seq":<sequence>,"token":<token>,"ms":…,"type":…}`
struct SealedHistory {
    let path: String
    private let bytes: Int64
    private let fileSystem: any FileSystem
    private let generation: UInt64

    /// With this and the event's position the checksums of its lines are seeded, so that the file of one history does not pass
    /// for that of another. FNV-1a.
    static func generation(of id: HistoryID) -> UInt64 {
        id.description.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }

    /// - Parameter bytes: how much of the file counts.
    init(_ id: HistoryID, bytes: Int64, in folder: StoreFolder, on fileSystem: any FileSystem) {
        path = folder.history(id)
        generation = Self.generation(of: id)
        self.bytes = bytes
        self.fileSystem = fileSystem
    }

    /// Up to `limit` events from a sequence on.
    /// - Parameter task: only those that left XComs for it.
    /// - Throws: `corrupt`, `newerFormat`, `unavailable`.
    func events(from sequence: Int64, task: TaskID?, limit: Int) throws(StoreError) -> [Event] {
        var events: [Event] = []
        let mark = task.map { Array("\"\($0)\"".utf8) }
        try forEachLine { line, number throws(StoreError) in
            guard line.sequence >= sequence, mark.map(line.contains) ?? true else { return true }
            let event = try line.event(in: path, number)
            if task == nil || event.payload.xcomTask == task { events.append(event) }
            return events.count < limit
        }
        return events
    }

    /// The events of a changeset behind what its caller knew.
    func find(
        _ id: ChangesetID, behind sequence: Int64
    ) throws(StoreError) -> (sequences: ClosedRange<Int64>, position: Int64)? {
        var found: (sequences: ClosedRange<Int64>, position: Int64)?
        try forEachLine { line, _ throws(StoreError) in
            guard line.id == id, line.sequence > sequence else { return found == nil }
            found = ((found?.sequences.lowerBound ?? line.sequence)...line.sequence, line.position)
            return true
        }
        return found
    }

    /// Checks every line.
    /// - Returns: how many there are.
    func check() throws(StoreError) -> Int64 {
        var count: Int64 = 0
        try forEachLine { line, number throws(StoreError) in
            count += 1
            guard line.sequence == count else {
                throw damaged(number, "it is event \(line.sequence), not \(count)")
            }
            _ = try line.event(in: path, number)
            return true
        }
        return count
    }

    /// - Parameter body: whether to go on.
    private func forEachLine(
        _ body: (SealedLine, _ number: Int) throws(StoreError) -> Bool
    ) throws(StoreError) {
        let file: any OpenFile
        do throws(SystemCallError) {
            file = try fileSystem.open(path, .readOnly)
        } catch {
            guard error.storeError.code == .notFound else { throw error.storeError }
            throw StoreError(.corrupt, subject: path, detail: "the file is missing", cause: error)
        }
        var scanner = LineScanner(file, from: 0, to: bytes)
        var number = 0
        while scanner.offset < bytes {
            number += 1
            do throws(ScanFailure<StoreError>) {
                let goesOn = try scanner.next { bytes throws(StoreError) in
                    try body(try Self.line(bytes, generation, path, number), number)
                }
                guard let goesOn else { throw ScanFailure.body(damaged(number, "the end of the file is missing")) }
                if !goesOn { return }
            } catch {
                switch error {
                case .file(let error), .body(let error): throw error
                }
            }
        }
    }

    private static func line(
        _ bytes: UnsafeRawBufferPointer, _ generation: UInt64, _ path: String, _ number: Int
    ) throws(StoreError) -> SealedLine {
        do throws(LineProblem) {
            return try SealedLine(bytes, generation: generation)
        } catch {
            throw StoreError(.corrupt, subject: path, detail: "line \(number): \(error.reason)")
        }
    }

    private func damaged(_ line: Int, _ problem: String) -> StoreError {
        StoreError(.corrupt, subject: path, detail: "line \(line): \(problem)")
    }
}

/// A line of a sealed history.
struct SealedLine {
    let id: ChangesetID
    let position: Int64
    var sequence: Int64 = 0
    var token: LeaseToken?
    private var stored = 0..<0
    private let bytes: UnsafeRawBufferPointer

    init(_ line: UnsafeRawBufferPointer, generation: UInt64) throws(LineProblem) {
        let head = try LineHead(line, generation: generation)
        (id, position, bytes) = (head.id, head.position, line)
        var reader = LineReader(line, from: head.size)
        while reader.skips(UInt8(ascii: ",")) {
            let start = reader.index
            switch try reader.name() {
            case "seq": sequence = try reader.int()
            case "token": token = LeaseToken(rawValue: try reader.int())
            case "ms":
                stored = start..<max(start, line.count - 1)
                return
            default: try reader.skipValue()
            }
        }
        throw LineProblem("it has no event")
    }

    func event(in path: String, _ number: Int) throws(StoreError) -> Event {
        let event: StoredEvent
        do throws(LineProblem) {
            event = try StoredEvent(bytes, stored)
        } catch {
            throw StoreError(.corrupt, subject: path, detail: "line \(number): \(error.reason)")
        }
        return Event(sequence: sequence, time: event.time, token: token, payload: try event.decode())
    }

    func contains(_ text: [UInt8]) -> Bool {
        guard let first = text.first, bytes.count >= text.count else { return text.isEmpty }
        return (0...(bytes.count - text.count)).contains { start in
            bytes[start] == first && text.elementsEqual(bytes[start..<(start + text.count)])
        }
    }

    /// Adds the line of an event.
    /// - Parameters:
    ///   - generation: `SealedHistory.generation`
    ///   - stored: its time and payload.
    static func add(
        to buffer: inout [UInt8], generation: UInt64, _ id: ChangesetID, at position: Int64, sequence: Int64,
        token: LeaseToken?,
        stored: some Collection<UInt8>
    ) {
        var text = LineText(reserving: stored.count + 48)
        text.raw(",\"seq\":")
        text.number(sequence)
        if let token {
            text.raw(",\"token\":")
            text.number(token.rawValue)
        }
        text.raw(",")
        text.raw(stored)
        text.raw("}")
        _ = LineHead.addLine(
            to: &buffer, id, at: position, beginsBatch: true, generation: generation, text: text)
    }
}
