import Holdfast
import HoldfastLocal
import Synchronization

/// The journal of one store, as one process has it open: its index, what processes share, and the one door to writing.
///
/// Readers see what the shared words say is on the disk, which they learn by one look at memory. Writers hold the append lock.
final class Journal: Sendable {
    let folder: StoreFolder
    let fileSystem: any FileSystem
    let durability: StoreOptions.Durability
    let lock: FileLock
    let words: any SharedWords
    private let index: Mutex<Index>
    /// Why nothing can be written.
    private let refusal: Mutex<StoreError?>
    /// What was found when it was opened.
    let recovery: Recovery

    /// What processes share in the file `tail`: facts about what is on the disk, written after it got there. After a crash of
    /// the machine they may be older ones.
    enum Word {
        /// `JournalEnd.word`: all before it is on the disk.
        static let end = 0
        /// The newest base.
        static let base = 1
        /// The newest segment, also while it is being made.
        static let newestSegment = 2
        static let count = 3
    }

    init(
        folder: StoreFolder, on fileSystem: any FileSystem, durability: StoreOptions.Durability, lock: FileLock,
        words: any SharedWords, recovered index: Index, _ recovery: Recovery
    ) {
        self.folder = folder
        self.fileSystem = fileSystem
        self.durability = durability
        self.lock = lock
        self.words = words
        self.index = Mutex(index)
        self.recovery = recovery
        refusal = Mutex(recovery.damageError)
    }

    /// Gives back the space that was filled in advance, so that the journal ends with its last line.
    func close() throws(StoreError) {
        guard refusal.withLock({ $0 == nil }), try lock.tryExclusive() else { return }
        let outcome = Result { () throws(StoreError) in
            try withIndex { index throws(StoreError) in try trim(&index) }
        }
        try lock.release()
        try outcome.get()
    }

    private func trim(_ index: inout Index) throws(StoreError) {
        try catchUp(&index)
        guard let file = index.segments[index.end.segment]?.file, try !isFollowed(index) else { return }
        try mappingSystemErrors { () throws(SystemCallError) in
            if try file.status().size > index.end.offset { try file.setSize(index.end.offset) }
        }
    }

    // MARK: - Reading

    /// Looks into the index, once it has caught up with what other processes have written.
    func read<Value: Sendable>(_ body: (inout Index) throws(StoreError) -> Value) throws(StoreError) -> Value {
        try withIndex { index throws(StoreError) in
            try catchUp(&index)
            return try body(&index)
        }
    }

    /// Looks into the index as it is.
    func withIndex<Value: Sendable, Failure: Error>(
        _ body: (inout Index) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try index.withLock { index throws(Failure) in try body(&index) }
    }

    /// Goes on to what is published. Costs one look at memory when there is nothing new.
    func catchUp(_ index: inout Index) throws(StoreError) {
        guard recovery.damage == nil else { return }
        let published = JournalEnd(word: words.load(Word.end))
        guard index.end < published else { return }
        do throws(StoreError) {
            if case .damage(let damage) = try index.readOn(to: published, in: folder, on: fileSystem) {
                throw damage.error(in: folder)
            }
        } catch {
            // The segments in between were compacted: what they said is in the newest base.
            guard error.code == .notFound else { throw error }
            try reload(&index)
        }
    }

    /// Begins anew with the newest base.
    private func reload(_ index: inout Index) throws(StoreError) {
        let published = JournalEnd(word: words.load(Word.end))
        var fresh = try Index(base: Int(words.load(Word.base)), in: folder, on: fileSystem)
        if case .damage(let damage) = try fresh.readOn(to: published, in: folder, on: fileSystem) {
            throw damage.error(in: folder)
        }
        index = fresh
    }

    /// Whether another process has compacted what this one still holds open.
    var isBehindBase: Bool {
        let newest = words.load(Word.base)
        return withIndex { UInt64($0.baseNumber) < newest }
    }

    // MARK: - Writing

    func checkWritable() throws(StoreError) {
        if let refusal = refusal.withLock({ $0 }) { throw refusal }
    }

    /// Whatever is written later is refused.
    func refuseFurtherWrites(_ cause: StoreError) {
        let error = StoreError(
            .unavailable, subject: folder.journal,
            detail: "a write to the disk failed; check the disk, then open the store again", cause: cause)
        refusal.withLock { $0 = $0 ?? error }
    }

    /// Runs `body` while nobody else appends, with an index that holds everything that was appended.
    func appending<Value>(
        timeout: Duration, _ body: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try checkWritable()
        return try lock.withExclusive(timeout: timeout) { () throws(StoreError) in
            try withIndex { index throws(StoreError) in
                try catchUp(&index)
                try adoptUnpublished(&index)
            }
            return try body()
        }
    }

    /// A writer that died behind its last write did not say so: what it left whole is taken over.
    private func adoptUnpublished(_ index: inout Index) throws(StoreError) {
        guard try isFollowed(index) else { return }
        let tail = try JournalTail(of: &index, in: folder, on: fileSystem)
        if let damage = tail.damage { throw damage.error(in: folder) }
        do throws(StoreError) {
            try tail.settle(&index)
        } catch {
            refuseFurtherWrites(error)
            throw error
        }
        publish(index)
    }

    private func isFollowed(_ index: Index) throws(StoreError) -> Bool {
        if words.load(Word.newestSegment) > UInt64(index.end.segment) { return true }
        guard let file = index.segments[index.end.segment]?.file else { return true }
        return try mappingSystemErrors { () throws(SystemCallError) in
            var byte = UInt8(ascii: "\n")
            _ = try withUnsafeMutableBytes(of: &byte) { buffer throws(SystemCallError) in
                try file.read(into: buffer, at: index.end.offset)
            }
            return byte != UInt8(ascii: "\n")
        }
    }

    /// Goes on in a new segment. Under the append lock.
    func beginSegment() throws(StoreError) {
        try withIndex { index throws(StoreError) in
            // Seen by who comes next, should this process not come to publish the new segment.
            words.store(UInt64(index.end.segment) + 1, at: Word.newestSegment)
            defer { publish(index) }
            do throws(StoreError) {
                try index.beginSegment(in: folder, on: fileSystem)
            } catch {
                if error.code != .full { refuseFurtherWrites(error) }
                throw error
            }
        }
    }

    /// Puts an index in place of the present one that says the same with less in memory.
    func adopt(_ index: Index) throws(StoreError) {
        var fresh = index
        // Most of the way without keeping anybody waiting.
        try readOn(&fresh, to: JournalEnd(word: words.load(Word.end)))
        try withIndex { index throws(StoreError) in
            try catchUp(&index)
            try readOn(&fresh, to: index.end)
            index = fresh
        }
    }

    private func readOn(_ index: inout Index, to end: JournalEnd) throws(StoreError) {
        guard index.end < end else { return }
        if case .damage(let damage) = try index.readOn(to: end, in: folder, on: fileSystem) {
            throw damage.error(in: folder)
        }
    }

    func publish(_ index: Index) {
        words.store(UInt64(index.end.segment), at: Word.newestSegment)
        words.store(index.end.word, at: Word.end)
    }
}

extension Damage {
    func error(in folder: StoreFolder) -> StoreError {
        StoreError(.corrupt, subject: path(in: folder), detail: description)
    }

    func path(in folder: StoreFolder) -> String {
        place.segment == 0 ? folder.base(Int(place.offset)) : folder.segment(place.segment)
    }

    private var description: String { place.segment == 0 ? problem : "at byte \(place.offset): \(problem)" }
}
