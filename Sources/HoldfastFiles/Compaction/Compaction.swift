import Holdfast
import HoldfastLocal

/// Takes over the oldest segments: their events go to the files of their histories, what else they said goes into a new base, and
/// they themselves are removed. Blocks the thread; keeps nobody from writing or reading.
///
/// It works on an index of its own, read from the base and those segments. At every moment the newest base, the files of the
/// histories up to the lengths it names, and the segments behind it hold everything, so it may end anywhere.
struct Compaction {
    let folder: StoreFolder
    let fileSystem: any FileSystem
    let now: Timestamp

    /// - Parameter last: the last segment to take over; one behind it has to be there.
    /// - Returns: the index as the new base holds it; nil when there is nothing to take over.
    /// - Throws: `full`, `unavailable`, `corrupt`; nothing is lost then.
    func run(from base: Int, through last: Int32) throws(StoreError) -> Index? {
        guard last > base else { return nil }
        var index = base > 0 ? try Index(base: base, in: folder, on: fileSystem) : Index()
        if let damage = index.damages.first { throw damage.error(in: folder) }
        let next = try Segment(last + 1, in: folder, on: fileSystem)
        let end = JournalEnd(segment: last, offset: next.header.previousEnd)
        if case .damage(let damage) = try index.readOn(to: end, in: folder, on: fileSystem) {
            throw damage.error(in: folder)
        }
        try sealHistories(&index)
        try BaseWriting(folder: folder, fileSystem: fileSystem, number: Int(last), now: now).write(&index)
        return index
    }

    // MARK: - Histories

    /// Brings the events that are in segments into the files of their histories, and what is no longer needed out of them.
    private func sealHistories(_ index: inout Index) throws(StoreError) {
        // Opened first: from then on it tells of every write that fails.
        let (histories, canSyncWhole) = try mappingSystemErrors { () throws(SystemCallError) in
            (try fileSystem.open(folder: folder.histories), try fileSystem.canSyncWhole(folder.histories))
        }
        var subfolders: Set<String> = []
        for slot in index.slots.values {
            guard let open = index.entries[Int(slot)].open, !open.rows.isEmpty else { continue }
            let id = index.ids[Int(slot)]
            let bytes = try lines(of: open, generation: SealedHistory.generation(of: id), index)
            let start = index.entries[Int(slot)].sealedBytes
            try mappingSystemErrors { () throws(SystemCallError) in
                let subfolder = folder.historyFolder(id)
                if subfolders.insert(subfolder).inserted { _ = try fileSystem.makeFolder(at: subfolder) }
                let file = try fileSystem.open(folder.history(id), .create)
                // Of a compaction that did not come to its end, or of an earlier history of this id.
                if try file.status().size > start { try file.setSize(start) }
                try file.write(bytes, at: start)
                if !canSyncWhole { try file.sync() }
            }
            index.seal(slot, open, bytes: Int64(bytes.count))
        }
        try mappingSystemErrors { () throws(SystemCallError) in
            for id in index.deletedFiles where index.slot(id) == nil {
                try fileSystem.remove(folder.history(id))
                // Also when somebody has removed it already, who does not wait for the disk.
                if try fileSystem.status(folder.historyFolder(id)) != nil {
                    subfolders.insert(folder.historyFolder(id))
                }
            }
            guard !canSyncWhole else { return try histories.syncFileSystem() }
            for subfolder in subfolders { try fileSystem.open(folder: subfolder).sync() }
            try histories.sync()
        }
    }

    private func lines(
        of open: OpenHistory, generation: UInt64, _ index: Index
    ) throws(StoreError) -> [UInt8] {
        var lines: [UInt8] = []
        for number in open.rows {
            let row = index.rows[Int(number)]
            guard let file = index.segments[row.segment]?.file else { continue }
            let stored = try mappingSystemErrors { () throws(SystemCallError) in
                try file.read(Int(row.length), at: row.offset)
            }
            let hasToken = row.kind == .own || row.kind == .claim
            SealedLine.add(
                to: &lines, generation: generation, row.changeset, at: row.position, sequence: row.sequence,
                token: hasToken ? open.token(at: row.sequence) : nil, stored: stored)
        }
        return lines
    }

    // MARK: - Removing

    /// Removes what the newest base has taken over. Who still reads in it has it open.
    /// - Returns: how many bytes were given back.
    func removeTakenOver(by base: Int) throws(StoreError) -> Int64 {
        try mappingSystemErrors { () throws(SystemCallError) in
            var bytes: Int64 = 0
            for name in try fileSystem.names(in: folder.journal) {
                let isOld =
                    StoreFolder.segmentNumber(name).map { $0 <= base } ?? StoreFolder.baseNumber(name).map { $0 < base }
                    ?? name.hasPrefix(BaseWriting.temporaryPrefix)
                guard isOld else { continue }
                let path = "\(folder.journal)/\(name)"
                bytes += try fileSystem.status(path)?.size ?? 0
                try fileSystem.remove(path)
            }
            return bytes
        }
    }
}

extension Index {
    /// All events of the history are in its own file now.
    fileprivate mutating func seal(_ slot: Int32, _ open: OpenHistory, bytes: Int64) {
        open.rows = []
        open.tokens = [(0, entries[Int(slot)].token)]
        entries[Int(slot)].sealedBytes += bytes
        entries[Int(slot)].sealedEvents = entries[Int(slot)].lastSequence
        sealedBytes += bytes
    }
}
