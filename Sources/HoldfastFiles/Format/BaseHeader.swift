import Holdfast

/// The first line of a base. Its checksum is seeded with the base's number, that of the other lines with the generation it
/// names and with how many lines stand before them.
struct BaseHeader: Sendable, Hashable {
    /// Of the last segment that is contained in it.
    var number: Int
    var generation: UInt64
    /// Of the last line that is contained in it.
    var position: Int64
    var feedPosition: Int64
    var lastToken: Int64
    /// Where its last segment ends.
    var segmentEnd: Int64

    func bytes() -> [UInt8] {
        var text = LineText()
        text.raw(",\"base\":")
        text.number(Int64(number))
        text.raw(",\"format\":")
        text.number(SegmentHeader.format)
        text.raw(",\"generation\":")
        text.plain(hexadecimal(generation))
        text.raw(",\"feed\":")
        text.number(feedPosition)
        text.raw(",\"token\":")
        text.number(lastToken)
        text.raw(",\"segment_end\":")
        text.number(segmentEnd)
        text.raw("}")
        var bytes: [UInt8] = []
        _ = LineHead.addLine(
            to: &bytes, ChangesetID(high: 0, low: 0), at: position, beginsBatch: true, generation: UInt64(number),
            text: text)
        return bytes
    }
}

extension BaseHeader {
    /// - Parameter line: without its newline.
    init(_ line: UnsafeRawBufferPointer, number: Int) throws(LineProblem) {
        let head = try LineHead(line, generation: UInt64(number))
        var reader = LineReader(line, from: head.size)
        self.init(
            number: number, generation: 0, position: head.position, feedPosition: 0, lastToken: 0, segmentEnd: 0)
        while reader.skips(UInt8(ascii: ",")) {
            switch try reader.name() {
            case "format":
                guard try reader.int() <= SegmentHeader.format else { throw LineProblem("it is of a newer format") }
            case "generation":
                guard let value = UInt64(try reader.string(), radix: 16) else {
                    throw LineProblem("its generation is no number")
                }
                generation = value
            case "feed": feedPosition = try reader.int()
            case "token": lastToken = try reader.int()
            case "segment_end": segmentEnd = try reader.int()
            default: try reader.skipValue()
            }
        }
        try reader.expect(UInt8(ascii: "}"))
    }
}
