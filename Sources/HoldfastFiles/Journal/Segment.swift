import Holdfast
import HoldfastLocal

/// One file of the journal, open.
struct Segment: Sendable {
    let file: any OpenFile
    let header: SegmentHeader
}

/// The first line of a segment. Its checksum is seeded with the segment's number, that of the other lines with the generation
/// it names.
struct SegmentHeader: Sendable, Hashable {
    var number: Int32
    /// Random, so that no line of another file or of an earlier life of this one passes for one of its own.
    var generation: UInt64
    /// Of the line before its first.
    var position: Int64
    /// Where the segment before it ends.
    var previousEnd: Int64
    /// Bytes, with the newline.
    var size: Int64 = 0

    static let format: Int64 = 1

    init(number: Int32, position: Int64, previousEnd: Int64, generation: UInt64 = .random(in: .min ... .max)) {
        self.number = number
        self.generation = generation
        self.position = position
        self.previousEnd = previousEnd
    }

    /// The line.
    func bytes() -> [UInt8] {
        var text = LineText()
        text.raw(",\"segment\":")
        text.number(Int64(number))
        text.raw(",\"format\":")
        text.number(Self.format)
        text.raw(",\"generation\":")
        text.plain(hexadecimal(generation))
        text.raw(",\"previous_end\":")
        text.number(previousEnd)
        text.raw("}")
        var bytes: [UInt8] = []
        _ = LineHead.addLine(
            to: &bytes, ChangesetID(high: 0, low: 0), at: position, beginsBatch: true,
            generation: UInt64(number), text: text)
        return bytes
    }

    /// - Parameter line: without its newline.
    init(_ line: UnsafeRawBufferPointer, number: Int32) throws(LineProblem) {
        let head = try LineHead(line, generation: UInt64(number))
        var reader = LineReader(line, from: head.size)
        self.init(number: number, position: head.position, previousEnd: 0, generation: 0)
        while reader.skips(UInt8(ascii: ",")) {
            switch try reader.name() {
            case "segment":
                guard try reader.int() == Int64(number) else { throw LineProblem("it is another segment") }
            case "format":
                guard try reader.int() <= Self.format else { throw LineProblem("it is of a newer format") }
            case "generation":
                let text = try reader.string()
                guard let value = UInt64(text, radix: 16) else { throw LineProblem("its generation is no number") }
                generation = value
            case "previous_end": previousEnd = try reader.int()
            default: try reader.skipValue()
            }
        }
        try reader.expect(UInt8(ascii: "}"))
        size = Int64(line.count) + 1
    }
}

extension Segment {
    /// - Throws: `corrupt` when its first line is damaged, `notFound` when there is no such file.
    init(_ number: Int32, in folder: StoreFolder, on fileSystem: any FileSystem) throws(StoreError) {
        let path = folder.segment(number)
        file = try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.open(path, .readWrite) }
        let bytes = try mappingSystemErrors { [file] () throws(SystemCallError) in try file.read(512, at: 0) }
        let length = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let header = bytes.withUnsafeBytes { buffer in
            Result { () throws(LineProblem) in
                try SegmentHeader(UnsafeRawBufferPointer(rebasing: buffer[..<length]), number: number)
            }
        }
        do throws(LineProblem) {
            self.header = try header.get()
        } catch {
            throw StoreError(.corrupt, subject: path, detail: "line 1: \(error.reason)")
        }
    }
}
