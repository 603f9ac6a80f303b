import Holdfast
import HoldfastLocal

/// What was found at the end of the journal when a store was opened.
struct Recovery: Sendable {
    /// Bytes behind the last whole changeset that were cut off: a write that a crash interrupted. 0: none.
    var tornBytes: Int64 = 0
    /// Set: what is known to have been on the disk is damaged, so the store can only be read.
    var damage: Damage?
    var damageError: StoreError?
}

/// Brings the index up to the end of the journal when a store is opened, and the journal's end in order. Under the append lock.
struct Recovering {
    let folder: StoreFolder
    let fileSystem: any FileSystem
    let words: any SharedWords

    /// The index as far as other processes have published it, read without keeping them from writing. Nil where that does not
    /// work out; then everything is read under the lock.
    func prepare() -> Index? {
        let published = JournalEnd(word: words.load(Journal.Word.end))
        do throws(StoreError) {
            let (bases, segments) = try files()
            var (index, damage) = try newestBase(bases, segments)
            guard damage == nil, published > index.end else { return damage == nil ? index : nil }
            return try index.readOn(to: published, in: folder, on: fileSystem) == .end ? index : nil
        } catch {
            return nil
        }
    }

    private func files() throws(StoreError) -> (bases: [Int], segments: [Int32]) {
        let names = try mappingSystemErrors { () throws(SystemCallError) in try fileSystem.names(in: folder.journal) }
        return (
            names.compactMap(StoreFolder.baseNumber).sorted(), names.compactMap(StoreFolder.segmentNumber).sorted()
        )
    }

    /// - Throws: `unavailable`, `full`, `newerFormat`. Damage is no error: the store opens without what lies behind it.
    func run(_ prepared: Index?) throws(StoreError) -> (Index, Recovery) {
        let (bases, segments) = try files()
        var (index, damage): (Index, Damage?)
        if let prepared, prepared.baseNumber == bases.last ?? 0 {
            (index, damage) = (prepared, nil)
        } else {
            (index, damage) = try newestBase(bases, segments)
        }
        if damage == nil { damage = try missing(segments, behind: index) }
        var recovery = Recovery()
        if damage == nil, index.end.segment == 0 { damage = try makeFirstSegment(&index, segments) }
        if damage == nil {
            let tail = try JournalTail(of: &index, in: folder, on: fileSystem)
            damage = tail.damage ?? lost(index)
            if damage == nil {
                recovery.tornBytes = tail.tornBytes
                if tail.isTorn || index.end.word != words.load(Journal.Word.end) { try tail.settle(&index) }
            }
        }
        recovery.damage = damage
        recovery.damageError = damage.map { damage in
            let found = damage.error(in: folder)
            return StoreError(
                .corrupt, subject: found.subject,
                detail:
                    "\(found.detail ?? "it is damaged"); the store can be read, not written: see `holdfast verify`, "
                    + "then bring the file back from a backup",
                cause: found)
        }
        return (index, recovery)
    }

    /// There always is a segment behind the base, made before it, and one behind what is published.
    private func missing(_ segments: [Int32], behind index: Index) throws(StoreError) -> Damage? {
        if index.baseNumber > 0 { return try damage(ofFirst: Int32(index.baseNumber) + 1, among: segments) }
        guard segments.isEmpty, words.load(Journal.Word.end) != 0 else { return nil }
        return Damage(
            JournalEnd(segment: 1, offset: 0),
            "all files of the journal are missing (remove \(folder.tail) to begin anew)")
    }

    private func damage(ofFirst number: Int32, among segments: [Int32]) throws(StoreError) -> Damage? {
        let place = JournalEnd(segment: number, offset: 0)
        guard segments.contains(number) else { return Damage(place, "the file is missing") }
        do throws(StoreError) {
            _ = try Segment(number, in: folder, on: fileSystem)
            return nil
        } catch {
            guard error.code == .corrupt else { throw error }
            return Damage(place, error.detail ?? "its first line is damaged")
        }
    }

    /// What is published is on the disk: when less is found, it was lost.
    private func lost(_ index: Index) -> Damage? {
        let published = JournalEnd(word: words.load(Journal.Word.end))
        guard published > index.end else { return nil }
        return Damage(
            index.end,
            "it went on to byte \(published.offset) of segment \(published.segment), but nothing follows here (if the folder "
                + "was copied while it was in use, remove \(folder.tail) to open it without what is missing)")
    }

    private func newestBase(_ bases: [Int], _ segments: [Int32]) throws(StoreError) -> (Index, Damage?) {
        var damage: Damage?
        for number in bases.reversed() {
            do throws(StoreError) {
                let index = try Index(base: number, in: folder, on: fileSystem)
                guard let found = index.damages.first else { return (index, damage) }
                damage = damage ?? found
                if number == bases.first { return (index, damage) }
            } catch {
                guard error.code == .corrupt else { throw error }
                damage = damage ?? Damage(base: number, error.detail ?? "it is damaged")
            }
        }
        if damage == nil, let first = segments.first, first > 1 {
            damage = Damage(
                JournalEnd(segment: first, offset: 0),
                "the segments before it, or the base that holds them, are missing")
        }
        return (Index(), damage)
    }

    /// - Returns: what is wrong with the one that is there.
    private func makeFirstSegment(_ index: inout Index, _ segments: [Int32]) throws(StoreError) -> Damage? {
        if !segments.isEmpty {
            do throws(StoreError) {
                index.enter(try Segment(1, in: folder, on: fileSystem))
                return nil
            } catch {
                guard error.code == .corrupt else { throw error }
            }
            // Without lines, and never published, it was never whole.
            let tail = try JournalTail(of: &index, in: folder, on: fileSystem)
            if let damage = tail.damage { return damage }
            guard words.load(Journal.Word.end) == 0 else {
                return Damage(JournalEnd(segment: 1, offset: 0), "its first line is damaged, and nothing follows")
            }
            try tail.settle(&index)
        }
        try index.beginSegment(in: folder, on: fileSystem)
        return nil
    }
}

extension Index {
    /// Makes the next segment, durable when it returns, and goes on to it.
    mutating func beginSegment(in folder: StoreFolder, on fileSystem: any FileSystem) throws(StoreError) {
        let header = SegmentHeader(number: end.segment + 1, position: position, previousEnd: end.offset)
        let path = folder.segment(header.number)
        let segment = try mappingSystemErrors { () throws(SystemCallError) in
            // Of an attempt that failed.
            try fileSystem.remove(path)
            let file = try fileSystem.open(path, .createNew)
            do throws(SystemCallError) {
                let bytes = header.bytes()
                try file.write(bytes, at: 0)
                try file.sync()
                try fileSystem.open(folder: folder.journal).sync()
                var whole = header
                whole.size = Int64(bytes.count)
                return Segment(file: file, header: whole)
            } catch {
                try fileSystem.remove(path)
                throw error
            }
        }
        enter(segment)
    }
}
