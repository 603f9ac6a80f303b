import Holdfast

/// The content of a file on a `DiskImage`.
struct DiskFile: Sendable {
    /// What the disk writes whole: a sector of a file, a word of shared memory.
    let unit: Int
    var modified: Timestamp
    /// On the disk for sure.
    private var durable: [UInt8] = []
    /// As programs see it.
    private(set) var current: [UInt8] = []
    /// Since the last sync, oldest first.
    private var pending: [Change] = []
    /// Units that an `fsync` failed to bring to the disk: the kernel takes them for clean, so that no later `fsync` tries
    /// again, until they are written anew. Each with what the disk may have instead.
    private var lost: [Int: [UInt8]] = [:]

    fileprivate struct Change: Sendable {
        var offset: Int
        var bytes: [UInt8]
        /// Of the file, after the change.
        var size: Int
    }

    static let sector = 512
    static let word = 8

    init(unit: Int = DiskFile.sector, modified: Timestamp) {
        self.unit = unit
        self.modified = modified
    }

    /// The file when this is what the disk has.
    private func settled(_ content: [UInt8]) -> DiskFile {
        var file = DiskFile(unit: unit, modified: modified)
        file.durable = content
        file.current = content
        return file
    }

    // MARK: Changing

    mutating func write(_ bytes: [UInt8], at offset: Int) {
        current.overwrite(bytes, at: offset)
        append(Change(offset: offset, bytes: bytes, size: current.count))
    }

    mutating func resize(to size: Int) {
        let cutOff = max(0, current.count - size)
        current.resize(to: size)
        append(Change(offset: size, bytes: [UInt8](repeating: 0, count: cutOff), size: size))
    }

    private mutating func append(_ change: Change) {
        pending.append(change)
        for unit in units(of: change) { lost[unit] = nil }
        // What waits for long the kernel writes by itself.
        if pending.count > 128 { settle(64) }
    }

    private mutating func settle(_ count: Int) {
        for change in pending.prefix(count) { durable.apply(change) }
        pending.removeFirst(count)
    }

    mutating func sync() { settle(pending.count) }

    /// An `fsync` that failed: what was written stays readable, and may or may not be on the disk for ever.
    mutating func loseWrites() {
        for unit in Set(pending.flatMap(units)) where lost[unit] == nil {
            lost[unit] = durable.bytes(in: bounds(of: unit))
        }
        sync()
    }

    private func units(of change: Change) -> Range<Int> {
        change.bytes.isEmpty
            ? 0..<0 : change.offset / unit..<(change.offset + change.bytes.count - 1) / unit + 1
    }

    private func bounds(of number: Int) -> Range<Int> { number * unit..<(number + 1) * unit }

    // MARK: After a power cut

    /// One of the contents that a power cut at this moment may leave.
    func cut(_ choice: inout CutChoice) -> DiskFile {
        if pending.isEmpty && lost.isEmpty { return settled(durable) }
        var left = durable
        for (unit, old) in lost.sorted(by: { $0.key < $1.key }) where !choice.keeps() {
            left.overwrite(old.prefix(max(0, left.count - unit * self.unit)), at: unit * self.unit)
        }
        switch choice.fate() {
        case .absent: break
        case .present: for change in pending { left.apply(change) }
        case .torn: tear(&left, &choice)
        }
        return settled(left)
    }

    /// Of each unit the disk has what some number of the writes to it made, whatever it has of the others.
    private func tear(_ left: inout [UInt8], _ choice: inout CutChoice) {
        let sizes = [durable.count] + pending.map(\.size)
        let size = sizes[choice.index(below: sizes.count)]
        left.resize(to: max(left.count, sizes.max() ?? 0))
        var changes: [Int: [Change]] = [:]
        for change in pending { for unit in units(of: change) { changes[unit, default: []].append(change) } }
        for (unit, changes) in changes.sorted(by: { $0.key < $1.key }) {
            for change in changes.prefix(choice.index(below: changes.count + 1)) {
                let part = bounds(of: unit).clamped(to: change.offset..<change.offset + change.bytes.count)
                left.overwrite(
                    change.bytes[(part.lowerBound - change.offset)..<(part.upperBound - change.offset)],
                    at: part.lowerBound)
            }
        }
        left.resize(to: size)
    }
}

extension [UInt8] {
    fileprivate mutating func apply(_ change: DiskFile.Change) {
        overwrite(change.bytes, at: change.offset)
        resize(to: change.size)
    }

    /// Fills with zeros what is between the end and the offset.
    fileprivate mutating func overwrite(_ bytes: some Collection<UInt8>, at offset: Int) {
        guard !bytes.isEmpty else { return }
        if count < offset + bytes.count { resize(to: offset + bytes.count) }
        withUnsafeMutableBytes { buffer in
            UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + bytes.count]).copyBytes(from: bytes)
        }
    }

    fileprivate mutating func resize(to size: Int) {
        if size < count { removeLast(count - size) } else { append(contentsOf: repeatElement(0, count: size - count)) }
    }

    fileprivate func bytes(in range: Range<Int>) -> [UInt8] {
        guard range.lowerBound < count else { return [UInt8](repeating: 0, count: range.count) }
        let there = range.clamped(to: 0..<count)
        return Array(self[there]) + [UInt8](repeating: 0, count: range.count - there.count)
    }
}
