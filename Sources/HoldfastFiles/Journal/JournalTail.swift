import Holdfast
import HoldfastLocal

/// What stands behind the last line that is known to be on the disk: whole lines, which are adopted, and what was torn, which is
/// cut off. Made and settled under the append lock.
struct JournalTail {
    /// What is wrong below what was on the disk already: then nothing is cut off.
    private(set) var damage: Damage?
    /// How many bytes behind the last whole line were not blank.
    private(set) var tornBytes: Int64 = 0
    private let folder: StoreFolder
    private let fileSystem: any FileSystem
    /// A segment that was begun and holds nothing.
    private var emptySegment: Int32?

    /// Applies to the index all whole lines that follow.
    init(of index: inout Index, in folder: StoreFolder, on fileSystem: any FileSystem) throws(StoreError) {
        self.folder = folder
        self.fileSystem = fileSystem
        var problem: Damage?
        if case .damage(let found) = try index.readOn(in: folder, on: fileSystem) { problem = found }
        // The segment behind a base was there before it.
        let isProven = try lookBehind(index) || index.baseNumber > 0 && index.segments.isEmpty
        if isProven { damage = problem ?? Damage(index.end, "a line is missing") }
    }

    /// Looks at everything behind the end.
    /// - Returns: whether a line behind it proves that what is missing was on the disk.
    private mutating func lookBehind(_ index: Index) throws(StoreError) -> Bool {
        if let segment = index.segments[index.end.segment] {
            let rest = try Rest(of: segment.file, from: index.end.offset, segment.header.generation, index.position)
            tornBytes = rest.bytes
            if rest.isProof { return true }
        }
        return try lookAtNextSegments(index)
    }

    private mutating func lookAtNextSegments(_ index: Index) throws(StoreError) -> Bool {
        let names = try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.names(in: folder.journal) }
        let later = names.compactMap(StoreFolder.segmentNumber).filter { $0 > index.end.segment }.sorted()
        for number in later {
            let path = folder.segment(number)
            let file = try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.open(path, .readOnly) }
            // A segment is begun when all before it is on the disk; one without lines may be left from an attempt that failed.
            let rest = try Rest(of: file, from: 0, nil, index.position)
            guard !rest.isProof, number == index.end.segment + 1 else { return true }
            emptySegment = number
        }
        return false
    }

    /// Whether something has to be cut off.
    var isTorn: Bool { tornBytes > 0 || emptySegment != nil }

    /// Brings the adopted lines to the disk and wipes what was torn.
    /// - Throws: whatever the disk does; nobody can say then what is on it.
    func settle(_ index: inout Index) throws(StoreError) {
        try mappingSystemErrors { () throws(SystemCallError) in
            if let emptySegment { try fileSystem.remove(folder.segment(emptySegment)) }
            // For that, and for the entry of a segment that was adopted.
            try fileSystem.open(folder: folder.journal).sync()
            guard let file = index.segments[index.end.segment]?.file else { return }
            try rewriteLastBatch(file, index)
            if tornBytes > 0 { try wipe(file, from: index.end.offset) }
            try file.sync()
        }
        index.lastBatch = index.end
    }

    /// The page cache may hold what a failed fsync has left off the disk, and believe it clean: written again, it is not.
    private func rewriteLastBatch(_ file: any OpenFile, _ index: Index) throws(SystemCallError) {
        guard index.lastBatch.segment == index.end.segment else { return }
        let count = Int(index.end.offset - index.lastBatch.offset)
        if count > 0 { try file.write(try file.read(count, at: index.lastBatch.offset), at: index.lastBatch.offset) }
    }

    private func wipe(_ file: any OpenFile, from start: Int64) throws(SystemCallError) {
        let end = try file.status().size
        var offset = start
        while offset < end {
            let count = Int(min(end - offset, 1 << 20))
            try file.write([UInt8](repeating: UInt8(ascii: "\n"), count: count), at: offset)
            offset += Int64(count)
        }
    }
}

/// What stands in a file behind a place where lines end.
private struct Rest {
    /// That are not blank.
    var bytes: Int64 = 0
    /// Whether one of the lines proves that what stands before it was on the disk.
    var isProof = false

    /// - Parameter generation: nil: unknown, as that is in a damaged first line; then whatever looks like a line counts.
    init(of file: any OpenFile, from offset: Int64, _ generation: UInt64?, _ position: Int64) throws(StoreError) {
        var scanner = LineScanner(file, from: offset)
        while true {
            let isFirst = offset == 0 && scanner.offset == 0
            let line = Result { () throws(ScanFailure<Never>) in
                try scanner.next { line in
                    (Int64(line.count), !isFirst && Self.isProof(line, generation, position))
                }
            }
            do throws(ScanFailure<Never>) {
                guard let (count, proves) = try line.get() else { break }
                bytes += count
                if proves { isProof = true }
            } catch {
                if case .file(let error) = error { throw error }
            }
        }
        bytes += Int64(scanner.rest)
    }

    private static func isProof(_ line: UnsafeRawBufferPointer, _ generation: UInt64?, _ position: Int64) -> Bool {
        guard line.count >= LineHead.leastSize else { return false }
        let head = Result { () throws(LineProblem) in
            if let generation { return try LineHead(line, generation: generation) }
            return try LineHead(unchecked: line)
        }
        guard case .success(let head) = head else { return false }
        return (head.beginsBatch || generation == nil) && head.position > position
    }
}
